import { basename, join, relative } from "node:path";
import { replaceFile } from "@ml-mosaic/base";
import { configurable, literal, schema } from "@ml-mosaic/configurable";
import { RunFolder, readTrainerSnapshot, Trainer } from "@ml-mosaic/training";
import { type FoldSnapshot, loadFoldModels } from "../cross-validation/fold-models.ts";
import { type OutOfFoldSummary, writeOutOfFoldMaps } from "../cross-validation/out-of-fold-maps.ts";
import { bestSnapshot, splitSnapshots } from "../cross-validation/split-snapshots.ts";
import { PatchesData } from "../datasets/patches-data.ts";
import { BigsfError } from "../errors.ts";
import { existingFolder } from "../existing-file.ts";
import { fileDigest } from "../file-digest.ts";
import { type AreaCounts, pixelsIn, summed } from "./area-counts.ts";
import { calibrationReport } from "./calibration-figures.ts";
import { type CalibrationFile, calibrationNames } from "./calibration-file.ts";
import { type CalibrationMethod, type Calibrator, calibrated, calibrationMethods } from "./calibrator.ts";
import { countPixels } from "./count-pixels.ts";
import { drawReliability } from "./draw-reliability.ts";
import { fitCalibrator } from "./fit-calibrator.ts";
import { reliabilityCsv } from "./reliability-csv.ts";

export interface CalibrationOptions {
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface CalibrationResult {
  readonly folder: string;
  readonly file: CalibrationFile;
  /** Of several splits: their models' maps, each calibrated without what it was tested on. */
  readonly map: OutOfFoldSummary | undefined;
}

/**
 * `bigsf calibrate`: how far the probabilities of trained models can be believed, and what makes them right.
 *
 * Of several splits, what each model says of its test set is calibrated by what the other models say of theirs. Of one
 * training, its test set is calibrated by its validation set.
 *
 * @example await Calibration.fromConfig("config_calibrate.yaml").run();
 */
export class Calibration extends configurable({
  training: schema(existingFolder(), {
    help: "Folder that bigsf train or train-k-fold has written, such as results/kfolds",
  }),
  method: schema(literal(...calibrationMethods), {
    default: "isotonic",
    help: "isotonic: any rising function; temperature: one number, which keeps the order of all pixels and does with few labels",
  }),
}) {
  /**
   * Writes `calibration.json`, which segmentation uses, a table and a picture into the training's folder, and of several
   * splits the calibrated out-of-fold map.
   *
   * @throws BigsfError, ConfigurationError where the folder holds no finished training on patches, or its data are gone
   */
  async run({
    onProgress,
    signal = new AbortController().signal,
  }: CalibrationOptions = {}): Promise<CalibrationResult> {
    const folder = this.training;
    const snapshots = await snapshotsIn(folder);
    const unlock = await new RunFolder(folder).lock();
    try {
      const [first] = snapshots;
      const { data, settings } = await Trainer.fromSnapshot(first.path);
      if (!(data instanceof PatchesData))
        throw new BigsfError(
          "CALIBRATION",
          `${folder} was not trained on patches of a map: there are no pixels to count`,
        );
      try {
        return await calibrate({
          data,
          folder,
          snapshots,
          method: this.method,
          batchSize: settings.batch_size,
          onProgress,
          signal,
        });
      } finally {
        await data.close();
      }
    } finally {
      await unlock();
    }
  }
}

type Snapshots = readonly [FoldSnapshot, ...(readonly FoldSnapshot[])];

/** The best ones of all splits, or of the only training. */
async function snapshotsIn(folder: string): Promise<Snapshots> {
  const [first, ...others] = await splitSnapshots(folder);
  if (first !== undefined) return [first, ...others];
  const path = bestSnapshot(folder);
  if (path === undefined)
    throw new BigsfError("CALIBRATION", `${folder} holds no training: neither best.safetensors nor split_1`);
  return [{ split: (await readTrainerSnapshot(path)).split, path }];
}

interface CalibrateParts {
  readonly data: PatchesData;
  readonly folder: string;
  readonly snapshots: Snapshots;
  readonly method: CalibrationMethod;
  readonly batchSize: number;
  readonly onProgress: CalibrationOptions["onProgress"];
  readonly signal: AbortSignal;
}

async function calibrate(parts: CalibrateParts): Promise<CalibrationResult> {
  const { data, folder, snapshots, method, batchSize, onProgress, signal } = parts;
  const isSeveral = snapshots.length > 1;
  const models = await loadFoldModels(data, snapshots);
  try {
    const rounds = isSeveral ? (["test", "map"] as const) : (["valid", "test"] as const);
    let total = 0;
    for (const round of rounds)
      for (const { split } of models)
        total += (await data.patches(split, round === "map" ? "test" : round)).indices.length;
    let done = 0;
    const onPatches = (count: number) => {
      done += count;
      onProgress?.(done, total);
    };
    const count = (part: "valid" | "test") => countPixels({ data, models, part, batchSize, onPatches, signal });
    const tested = await count("test");
    const fitted = isSeveral ? tested : await count("valid");
    const calibrator = fitCalibrator(method, summed(fitted));
    const own = new Map(
      models.map(({ split }) => [
        split,
        isSeveral ? fitCalibrator(method, summed(without(tested, split))) : calibrator,
      ]),
    );
    const calibratorOf = (split: number): Calibrator => own.get(split) ?? calibrator;
    const report = calibrationReport(tested, calibratorOf);
    const file: CalibrationFile = {
      form: 1,
      calibrator,
      fitted_on: {
        part: isSeveral ? "test" : "valid",
        pixels: pixelsIn(summed(fitted)),
        areas: new Set(fitted.map(({ area }) => area)).size,
      },
      models: await Promise.all(
        snapshots.map(async ({ split, path }) => ({
          snapshot: relative(folder, path),
          sha256: await fileDigest(path),
          calibrator: calibratorOf(split),
        })),
      ),
      held_out: report,
    };
    const map = isSeveral
      ? await writeOutOfFoldMaps({
          data,
          models: models.map((model) => ({
            ...model,
            calibrate: (each) => calibrated(calibratorOf(model.split), each),
          })),
          batchSize,
          testShare: Number.NaN,
          folder,
          names: calibrationNames.map,
          signal,
          onPredicted: (inMap) => onProgress?.(done + inMap, total),
        })
      : undefined;
    await replaceFile(join(folder, calibrationNames.table), reliabilityCsv(report));
    await replaceFile(join(folder, calibrationNames.picture), await drawReliability(report, basename(folder)));
    // With it the calibration is there.
    await replaceFile(join(folder, calibrationNames.file), `${JSON.stringify(file, undefined, 1)}\n`);
    return { folder, file, map };
  } finally {
    for (const { predictor } of models) predictor.release();
  }
}

/** What other models say of areas on which this split's model is not tested. */
function without(counts: readonly AreaCounts[], split: number): readonly AreaCounts[] {
  const own = new Set(counts.filter((each) => each.split === split).map(({ area }) => area));
  return counts.filter((each) => each.split !== split && !own.has(each.area));
}
