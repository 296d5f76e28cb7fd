import type { Situation } from "../experiment/carry-out.ts";
import { engineVersion } from "../experiment/environment.ts";
import { type PilotOptions, PilotsElsewhere } from "../pilot/elsewhere.ts";
import { forgetPilot } from "./folder.ts";
import { spoolLanding } from "./landing.ts";
import { watchMilliseconds } from "./times.ts";

/** Changes show up to so much later on a network file system. */
const lateSeconds = 60;

/** The pilots that come to a spool folder. */
export function spoolElsewhere(
  folder: string,
  {
    folders,
    runs,
    say,
    memory,
    ownProcessorOnly,
  }: Pick<Situation, "folders" | "runs" | "say"> & Pick<PilotOptions, "memory" | "ownProcessorOnly">,
): PilotsElsewhere {
  return new PilotsElsewhere({
    landing: spoolLanding(folder, say),
    version: engineVersion(),
    folders,
    runs,
    silentSeconds: watchMilliseconds / 1000,
    lateSeconds,
    say,
    memory,
    ownProcessorOnly,
    forget: (name) => forgetPilot(folder, name),
  });
}
