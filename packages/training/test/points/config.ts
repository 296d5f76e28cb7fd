/** Configurations of small runs, and what is left of a run for comparison. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors } from "@ml-mosaic/tensor";

type Options = Readonly<Record<string, unknown>>;

/** Three batches an epoch. */
export function pointsConfig(outputFolder: string, trainer: Options = {}, data: Options = {}) {
  return {
    imports: [join(import.meta.dirname, "points.ts")],
    data: { type: "points", size: 40, ...data },
    trainer: {
      output_dir: outputFolder,
      run_name: "run",
      model: { type: "point_net" },
      optimizer: { type: "adam", lr: 0.02 },
      batch_size: 16,
      epochs: 3,
      metrics: [{ type: "roc_auc" }],
      ...trainer,
    },
  };
}

/** The log of a run without its times. */
export async function logOf(folder: string): Promise<readonly string[]> {
  const lines = (await readFile(join(folder, "logs_train.csv"), "utf8")).trimEnd().split("\n");
  return lines.map((line) => line.slice(0, line.lastIndexOf(",")));
}

/** All tensors of a snapshot and what it says of the training. */
export async function snapshotOf(folder: string, name: string) {
  const { tensors, metadata } = await readSafetensors(join(folder, `${name}.safetensors`));
  return { tensors, trainInfo: JSON.parse(metadata.TRAIN_INFO ?? "") };
}

/** Everything that must be equal in two runs of one configuration. */
export async function resultsOf(folder: string) {
  return {
    log: await logOf(folder),
    last: await snapshotOf(folder, "last"),
    best: await snapshotOf(folder, "best"),
    test: await readFile(join(folder, "test_results.csv"), "utf8"),
  };
}
