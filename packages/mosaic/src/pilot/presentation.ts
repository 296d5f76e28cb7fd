/** What a pilot says of itself to a supervisor that it meets, and where it carries the runs of that one out. */
import { hostname } from "node:os";
import { currentProcess, pathExists } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";
import { machineFacts } from "../experiment/environment.ts";
import { memoryFactorVariable } from "../slurm/memory.ts";
import type { CarriedFolder } from "./carried-folder.ts";
import type { CarriedPlace, PlaceOptions } from "./carried-place.ts";
import type { FileExchange } from "./file-exchange.ts";
import type { FromPilot, LeftRuns, ToPilot } from "./messages.ts";

/** The pilot, and what it has for runs that see nothing of their supervisor's folders. */
export interface Presented {
  readonly version: string;
  readonly carried: CarriedFolder;
  readonly place?: PlaceOptions | undefined;
}

/**
 * Sees to it that the runs find here what they need.
 *
 * @returns undefined where they see the supervisor's folders themselves
 * @throws MosaicError that says what they do not find
 */
export async function placeFor(
  { version, folders, carried: project }: Extract<ToPilot, { readonly kind: "welcome" }>,
  exchange: FileExchange,
  own: Presented,
): Promise<CarriedPlace | undefined> {
  if (version !== own.version)
    throw new MosaicError(
      "CANNOT_TAKE_RUNS",
      `it has ${own.version}, and the supervisor ${version}: use one installation`,
    );
  if (project !== undefined) return own.carried.placeOf(project, exchange, own.place);
  const missing = folders.filter((folder) => !pathExists(folder));
  if (missing.length === 0) return undefined;
  throw new MosaicError(
    "CANNOT_TAKE_RUNS",
    `${missing.join(", ")} cannot be seen from ${hostname()}: the project and its run files must be at the same paths everywhere`,
  );
}

export function helloOf(
  { runs, device }: { readonly runs: number; readonly device: string },
  left: readonly LeftRuns[],
  isCarried: boolean,
): FromPilot {
  const { SLURM_JOB_ID: job, [memoryFactorVariable]: memoryFactor } = process.env;
  return {
    kind: "hello",
    host: process.env.SLURMD_NODENAME ?? hostname(),
    process: currentProcess(),
    runs,
    device,
    processor: String(machineFacts().processor),
    ...(job === undefined ? {} : { job }),
    left,
    ...(memoryFactor === undefined ? {} : { memoryFactor: Number(memoryFactor) }),
    ...(isCarried ? { isCarried } : {}),
  };
}
