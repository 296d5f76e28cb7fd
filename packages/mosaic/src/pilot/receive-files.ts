/** Puts files of a run that have come from elsewhere in their places, as its worker would where it sees the folder. */
import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { stagingFolder } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";
import { checkFence } from "../run/fence.ts";
import type { RunOrder } from "../run/order.ts";
import { asRunFilesError } from "../run/run-files.ts";
import { faultOfRunFiles, type RunFile } from "./carried.ts";
import type { FileExchange } from "./file-exchange.ts";

/**
 * @param mayPublish whether the run is still this peer's
 * @throws MosaicError RUN_GIVEN_AWAY where it is another's, CANNOT_WRITE_RUN_FILES, BAD_TRANSFER or LINK_LOST
 */
export async function receiveFiles(
  exchange: FileExchange,
  order: RunOrder,
  files: readonly RunFile[],
  mayPublish: () => boolean,
): Promise<void> {
  const { filesFolder, runId } = order;
  const fault = filesFolder === undefined ? `run ${runId} has no folder for files` : faultOfRunFiles(files, order);
  if (filesFolder === undefined || fault !== undefined) throw new MosaicError("BAD_TRANSFER", fault ?? "");
  checkFence(order);
  try {
    await using staging = await stagingFolder(filesFolder);
    for (const { name, ...mark } of files) {
      mkdirSync(dirname(join(staging.path, name)), { recursive: true });
      await exchange.fetch(mark, join(staging.path, name));
    }
    if (!mayPublish()) throw new MosaicError("LINK_LOST", `run ${runId} is no longer the worker's`);
    checkFence(order);
    // In the order in which they were named: where the snapshot is new, all is.
    for (const top of new Set(files.map(({ name }) => name.split("/")[0] ?? ""))) {
      const target = join(filesFolder, top);
      if (statSync(target, { throwIfNoEntry: false })?.isDirectory()) rmSync(target, { recursive: true });
      renameSync(join(staging.path, top), target);
    }
  } catch (error) {
    throw asRunFilesError(filesFolder, error);
  }
}
