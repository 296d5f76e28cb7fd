import type { Situation } from "../experiment/carry-out.ts";
import { engineVersion } from "../experiment/environment.ts";
import { type PilotOptions, PilotsElsewhere } from "../pilot/elsewhere.ts";
import type { Address } from "./address.ts";
import { tcpLanding } from "./landing.ts";
import { silentMilliseconds } from "./link.ts";
import { readToken, tokenFile } from "./token.ts";

/** The pilots that come to a port. */
export function tcpElsewhere(
  address: Address,
  {
    folders,
    runs,
    say,
    memory,
    ownProcessorOnly,
  }: Pick<Situation, "folders" | "runs" | "say"> & Pick<PilotOptions, "memory" | "ownProcessorOnly">,
): PilotsElsewhere {
  return new PilotsElsewhere({
    landing: async (come, fail) => tcpLanding(address, await readToken(tokenFile(), true), say)(come, fail),
    version: engineVersion(),
    folders,
    runs,
    silentSeconds: silentMilliseconds / 1000,
    lateSeconds: 0,
    say,
    memory,
    ownProcessorOnly,
  });
}
