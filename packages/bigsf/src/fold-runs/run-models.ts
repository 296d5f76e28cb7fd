/** Models of a database's runs as they were trained: each tests a fold that it has not seen. */
import { join } from "node:path";
import { readExperimentOrigins, readRunReport, type StoreReader } from "ml-mosaic/reading";
import type { FoldModel } from "../cross-validation/out-of-fold.ts";
import { encodedBy } from "../datasets/data-options.ts";
import type { PatchesData } from "../datasets/patches-data.ts";
import { BigsfError } from "../errors.ts";
import { SegmentationModel } from "../models/segmentation-model.ts";
import { compilePredictor } from "../segmentation/patch-predictor.ts";
import { type FoldedData, type FoldedModel, type FoldRun, makeData, makeModel } from "./fold-runs.ts";

const weights = ".safetensors";

/** Their paths begin in the folder of the experiment. */
export async function openDataOf(
  reader: StoreReader,
  { module, experimentId }: Pick<FoldedData, "module" | "experimentId">,
): Promise<PatchesData> {
  const origins = await readExperimentOrigins(reader);
  const data = makeData(module, origins.find((origin) => origin.experimentId === experimentId)?.folder ?? "");
  await data.open();
  return data;
}

/** Whether it says of each pixel how probable a filament is, and its class is known. */
export function isSegmentation({ module }: Pick<FoldedModel, "module">): boolean {
  if (module === undefined) return false;
  try {
    return makeModel(module) instanceof SegmentationModel;
  } catch {
    // A class that another package has registered, or of another version.
    return false;
  }
}

/** Of several repetitions of a fold the first. */
export function firstOfFolds({ runs }: Pick<FoldedModel, "runs">, splits: number): readonly FoldRun[] {
  return Array.from({ length: splits }, (_, split) => runs.find(({ fold }) => fold === split + 1)).filter(
    (run) => run !== undefined,
  );
}

/**
 * @param runs of the model
 * @returns their predictors, to be released
 * @throws BigsfError `MODEL` where a run has kept no weights
 */
export async function loadRunModels(
  reader: StoreReader,
  data: PatchesData,
  { module }: Pick<FoldedModel, "module">,
  runs: readonly FoldRun[],
): Promise<readonly FoldModel[]> {
  const { patchSize, channels } = (await data.open()).source;
  const positions = encodedBy(data, "test").includes("positions");
  const models: FoldModel[] = [];
  try {
    for (const { runId, fold } of runs) {
      const { files, filesFolder } = await readRunReport(reader, runId);
      const file = files.find(({ kind, path, isMissing }) => kind === "model" && path.endsWith(weights) && !isMissing);
      if (file === undefined || filesFolder === undefined || module === undefined)
        throw new BigsfError(
          "MODEL",
          `run ${runId} has no ${weights} file any more, so that nobody knows what it says`,
        );
      const model = makeModel(module);
      await model.loadModel(join(filesFolder, file.path.slice(0, -weights.length)));
      models.push({ split: fold - 1, predictor: await compilePredictor({ model, patchSize, channels, positions }) });
    }
  } catch (error) {
    for (const { predictor } of models) predictor.release();
    throw error;
  }
  return models;
}
