/**
 * Which order for a run is the last one, where workers elsewhere may be frozen while their run is given to another: whose order is
 * an earlier one puts no file in the other's place any more.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { MosaicError } from "../errors.ts";
import type { RunOrder } from "./order.ts";

const folder = ".orders";

type Fenced = Pick<RunOrder, "filesFolder" | "runId" | "fence">;

/** To be called before a worker has the order. Where this cannot be written, no file of the run can. */
export function raiseFence({ filesFolder, runId, fence }: Fenced): void {
  if (filesFolder === undefined || fence === undefined) return;
  try {
    mkdirSync(join(filesFolder, folder), { recursive: true });
    writeFileSync(join(filesFolder, folder, String(runId)), String(fence));
  } catch {
    return;
  }
}

/** @throws MosaicError where a later order is out */
export function checkFence({ filesFolder, runId, fence }: Fenced): void {
  if (filesFolder === undefined || fence === undefined || lastOrder(filesFolder, runId) <= fence) return;
  throw new MosaicError(
    "RUN_GIVEN_AWAY",
    `run ${runId} was given to another worker meanwhile: its files in ${filesFolder} are left as they are`,
  );
}

export async function removeFences(filesFolder: string): Promise<void> {
  await rm(join(filesFolder, folder), { recursive: true, force: true });
}

/** 0 where none is noted. */
function lastOrder(filesFolder: string, runId: number): number {
  try {
    return Number(readFileSync(join(filesFolder, folder, String(runId)), "utf8")) || 0;
  } catch {
    return 0;
  }
}
