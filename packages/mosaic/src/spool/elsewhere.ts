import type { Situation } from "../experiment/carry-out.ts";
import { engineVersion } from "../experiment/environment.ts";
import { PilotsElsewhere } from "../pilot/elsewhere.ts";
import { forgetPilot } from "./folder.ts";
import { spoolLanding } from "./landing.ts";
import { watchMilliseconds } from "./times.ts";

/** Changes show up to so much later on a network file system. */
const lateSeconds = 60;

/** The pilots that come to a spool folder. */
export function spoolElsewhere(
  folder: string,
  { folders, runs, say }: Pick<Situation, "folders" | "runs" | "say">,
): PilotsElsewhere {
  return new PilotsElsewhere({
    landing: spoolLanding(folder, say),
    version: engineVersion(),
    folders,
    runs,
    silentSeconds: watchMilliseconds / 1000,
    lateSeconds,
    say,
    forget: (name) => forgetPilot(folder, name),
  });
}
