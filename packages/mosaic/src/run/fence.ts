/**
 * Which order for a run is the last one, where workers elsewhere may be frozen, or cut off, while their run is given to another:
 * whose order is an earlier one puts no file in the other's place any more. A worker's own order is noted on its machine
 * before it has it, so that its note is there for it, however late the folder shows others' changes: no note is no permission.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, replaceFile } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";
import type { RunOrder } from "./order.ts";

export const ordersFolder = ".orders";
/** Beside the notes of runs: up to which token all orders, of whatever run, are over. It stays when the notes go. */
const endNote = "ended";

type Fenced = Pick<RunOrder, "filesFolder" | "runId" | "fence">;

/** To be called before a worker has the order. Where a later one is out, or this cannot be written, it publishes no file. */
export function raiseFence(order: Fenced): void {
  const { filesFolder, runId, fence } = order;
  if (filesFolder === undefined || fence === undefined || isGivenAway(order)) return;
  try {
    mkdirSync(join(filesFolder, ordersFolder), { recursive: true });
    writeFileSync(join(filesFolder, ordersFolder, String(runId)), String(fence));
  } catch {
    return;
  }
}

/** @throws MosaicError unless this is the last order that is noted */
export function checkFence(order: Fenced): void {
  const { filesFolder, runId, fence } = order;
  if (filesFolder === undefined || fence === undefined) return;
  if (isGivenAway(order)) {
    throw new MosaicError(
      "RUN_GIVEN_AWAY",
      `run ${runId} was given to another worker meanwhile: its files in ${filesFolder} are left as they are`,
    );
  }
  if (noted(filesFolder, runId) === fence) return;
  throw new MosaicError(
    "CANNOT_WRITE_RUN_FILES",
    `the run files in ${filesFolder} cannot be written: its ${join(ordersFolder, String(runId))} does not say ${fence}, which is the order for run ${runId}`,
  );
}

/** To be called before orders go elsewhere. @param lastToken of the database: a greater end is that of a later state of it */
export async function openFences(filesFolder: string, lastToken: number): Promise<void> {
  await mkdir(join(filesFolder, ordersFolder), { recursive: true });
  if (noted(filesFolder, endNote) > lastToken) await noteEnd(filesFolder, lastToken);
}

/** Ends all orders up to this one, and removes their notes. Nothing is done where no order ever went elsewhere. */
export async function endFences(filesFolder: string, lastToken: number): Promise<void> {
  const notes = await readdir(join(filesFolder, ordersFolder)).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (notes === undefined) return;
  if (noted(filesFolder, endNote) !== lastToken) await noteEnd(filesFolder, lastToken);
  for (const note of notes) if (note !== endNote) await rm(join(filesFolder, ordersFolder, note), { force: true });
}

function noteEnd(filesFolder: string, token: number): Promise<void> {
  return replaceFile(join(filesFolder, ordersFolder, endNote), String(token));
}

/** Whether a later order is out, or all orders of its time are over. */
export function isGivenAway({ filesFolder, runId, fence }: Fenced): boolean {
  if (filesFolder === undefined || fence === undefined) return false;
  return noted(filesFolder, runId) > fence || noted(filesFolder, endNote) >= fence;
}

/** 0 where nothing is noted. */
function noted(filesFolder: string, name: number | typeof endNote): number {
  try {
    return Number(readFileSync(join(filesFolder, ordersFolder, String(name)), "utf8")) || 0;
  } catch {
    return 0;
  }
}
