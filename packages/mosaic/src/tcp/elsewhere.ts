import { messageOf } from "@ml-mosaic/base";
import type { Situation } from "../experiment/carry-out.ts";
import { engineVersion } from "../experiment/environment.ts";
import { type PilotOptions, PilotsElsewhere } from "../pilot/elsewhere.ts";
import { makeOffer } from "../pilot/offer.ts";
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
    carried,
    memory,
    ownProcessorOnly,
  }: Pick<Situation, "folders" | "runs" | "say" | "carried"> & Pick<PilotOptions, "memory" | "ownProcessorOnly">,
): PilotsElsewhere {
  return new PilotsElsewhere({
    landing: async (come, fail) => tcpLanding(address, await readToken(tokenFile(), true), say)(come, fail),
    version: engineVersion(),
    folders,
    runs,
    async offer() {
      const made = await carried().then(makeOffer).catch(messageOf);
      if (typeof made !== "string") return made;
      say(`workers must see the project's folder: ${made}`);
      return undefined;
    },
    silentSeconds: silentMilliseconds / 1000,
    lateSeconds: 0,
    say,
    memory,
    ownProcessorOnly,
  });
}
