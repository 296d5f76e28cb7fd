import { join } from "node:path";
import { pathExists } from "@ml-mosaic/base";
import { type ExecutorName, readSafetensors } from "@ml-mosaic/tensor";
import { type EpochRecord, loadSnapshot, type TrainerState, type TrainOptions } from "@ml-mosaic/training";
import { MosaicError } from "../errors.ts";
import { readValue } from "../wire/values.ts";
import { areEpochRecords } from "../worker/messages.ts";
import type { Chain } from "./chain.ts";
import { codeKey, refuseOtherCode } from "./code-record.ts";
import type { RunOrder } from "./order.ts";
import { modelName, recordsKey, runKey, secondsKey, snapshotName, variablePaths } from "./save-run.ts";

/** How a run goes on from its snapshot. */
export interface Resumption {
  readonly load: Exclude<TrainOptions["resumeFrom"], TrainerState | undefined>;
  readonly earlierEpochs: readonly EpochRecord[];
  /** Those of them that the snapshot alone knows of. */
  readonly unrecorded: readonly EpochRecord[];
  /** What has computed what there is. */
  readonly executor: ExecutorName;
  /** Wall time that the run has taken before. */
  readonly seconds: number;
}

/**
 * Prepares going on from the snapshot, modules first.
 *
 * @returns undefined where the run starts anew
 */
export async function openResumption(
  { runId, folder, filesFolder, earlierEpochs, acceptsCode }: RunOrder,
  { links, files }: Chain,
): Promise<Resumption | undefined> {
  if (earlierEpochs === undefined || filesFolder === undefined) return undefined;
  const path = join(filesFolder, snapshotName(runId));
  if (!pathExists(path)) {
    console.warn(`${path} is gone: the run starts anew`);
    return undefined;
  }
  const { metadata } = await readSafetensors(path);
  const owner = metadata[runKey];
  // Snapshots of earlier versions do not say it.
  if (owner !== undefined && owner !== String(runId))
    throw new MosaicError(
      "BAD_SNAPSHOT",
      `${path} is the snapshot of run ${owner}, not of run ${runId}: put the right file back, or remove it to start the run anew`,
    );
  const { epoch, executor }: { readonly epoch?: unknown; readonly executor?: unknown } = Object(
    JSON.parse(metadata.TRAIN_INFO ?? "{}"),
  );
  const unrecorded = recordsIn(metadata[recordsKey]).filter((record) => record.epoch > earlierEpochs.length);
  // The snapshot may be ahead of what was heard of it, and behind it where a worker that was given up has written it.
  const known = [...earlierEpochs.slice(0, Number(epoch)), ...unrecorded];
  if (epoch !== known.length || known.some((record, index) => record.epoch !== index + 1)) {
    console.warn(
      `the snapshot is of epoch ${String(epoch)}, the record of epoch ${earlierEpochs.length}: the run starts anew`,
    );
    return undefined;
  }
  if (!acceptsCode) refuseOtherCode(metadata[codeKey], files, folder, path);
  for (const link of links) await link.module.loadModel(join(filesFolder, modelName(link, links, runId)));
  console.log(`goes on from its snapshot, in epoch ${epoch + 1}`);
  return {
    load: async (layout) => (await loadSnapshot(path, layout, variablePaths(links))).state,
    earlierEpochs: known,
    unrecorded,
    // Earlier snapshots, which do not say it, are ONNX Runtime's.
    executor: executor === "wasm" ? "wasm" : "onnx",
    seconds: Number(metadata[secondsKey] ?? 0),
  };
}

function recordsIn(text = "[]"): readonly EpochRecord[] {
  const records = readValue(text);
  return areEpochRecords(records) ? records : [];
}
