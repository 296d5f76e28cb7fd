/** A training on every fold whose out-of-fold maps are compared: a folder of bigsf train-k-fold, or a model of a Mosaic database. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { countText, pathExists } from "@ml-mosaic/base";
import { Trainer } from "@ml-mosaic/training";
import { openSqliteReader } from "ml-mosaic/reading";
import { calibrationNames } from "../calibration/calibration-file.ts";
import { type OutOfFoldOptions, outOfFoldRows } from "../cross-validation/out-of-fold.ts";
import { splitSnapshots } from "../cross-validation/split-snapshots.ts";
import { resultNames } from "../cross-validation/validation-folder.ts";
import { PatchesData } from "../datasets/patches-data.ts";
import { BigsfError } from "../errors.ts";
import { type FoldedData, type FoldedModel, foldRuns } from "../fold-runs/fold-runs.ts";
import { firstOfFolds, isSegmentation, loadRunModels, openDataOf } from "../fold-runs/run-models.ts";
import { openPlane } from "../maps/plane.ts";
import { fileOfMap } from "../maps/source-map.ts";
import type { PatchedMap } from "../patches/patch-source.ts";
import type { MapRows } from "../segmentation/segment-rows.ts";

export interface ComparedTraining {
  readonly data: PatchesData;
  readonly splits: number;
  /** Splits that models have to predict before anything is known of them; none where that was kept. */
  readonly predictedSplits: readonly number[];
  readonly isCalibrated: boolean;
  /** What is worth knowing of it before its figures are read. */
  readonly notes: readonly string[];
  /** What its models say of a map that they have not seen, NaN where none speaks. */
  outOfFold(map: PatchedMap, options: OutOfFoldChoice): Promise<MapRows>;
}

export interface OutOfFoldChoice {
  /** Of a training that is calibrated. */
  readonly calibrated: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onPatches?: ((count: number) => void) | undefined;
}

/**
 * @param name a folder, or a database and a model with a colon between
 * @throws BigsfError where there is no such training, or it is not finished
 */
export function openComparedTraining(name: string, resources: AsyncDisposableStack): Promise<ComparedTraining> {
  if (isFolder(name)) return openFolder(name, resources);
  const { database, model } = modelIn(name);
  return openRuns(database, model, resources);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Names of models may have colons too, and those of files. */
function modelIn(name: string): { readonly database: string; readonly model: string } {
  const ends = [...name.matchAll(/:/g)].map(({ index }) => index);
  for (const end of [...ends, name.length]) {
    const database = name.slice(0, end);
    if (pathExists(database)) return { database, model: name.slice(end + 1) };
  }
  throw new BigsfError(
    "MODEL",
    `there is no ${name}; give a folder of bigsf train-k-fold, or a model of a database, such as results.db:unet`,
  );
}

async function openFolder(folder: string, resources: AsyncDisposableStack): Promise<ComparedTraining> {
  const snapshots = await splitSnapshots(folder);
  const [first] = snapshots;
  if (first === undefined)
    throw new BigsfError("MODEL", `${folder} holds no training on every split; bigsf train-k-fold makes one`);
  const { data } = await Trainer.fromSnapshot(first.path);
  if (!(data instanceof PatchesData))
    throw new BigsfError("MODEL", `${folder} was not trained on patches of a map: there are no filaments to count`);
  resources.defer(() => data.close());
  const count = (await data.open()).source.maps.length;
  return {
    data,
    splits: snapshots.length,
    predictedSplits: [],
    isCalibrated: pathExists(join(folder, calibrationNames.file)),
    notes: [],
    async outOfFold(map, { calibrated }) {
      const file = calibrated ? calibrationNames.map.outOfFold : resultNames.outOfFold;
      const path = join(folder, fileOfMap(file, map, count));
      if (!pathExists(path))
        throw new BigsfError(
          "MAP",
          `there is no ${path}; bigsf train-k-fold and bigsf calibrate make out-of-fold maps`,
        );
      const plane = await openPlane(path);
      resources.defer(() => plane.close());
      return plane;
    },
  };
}

async function openRuns(database: string, model: string, resources: AsyncDisposableStack): Promise<ComparedTraining> {
  const reader = await openSqliteReader(database);
  resources.defer(() => reader.close());
  const { folded, chosen } = chooseModel(await foldRuns(reader), database, model);
  const data = await openDataOf(reader, folded);
  resources.defer(() => data.close());
  const splits = data.splitCount();
  const runs = firstOfFolds(chosen, splits);
  const name = `${database}:${model}`;
  const more = chosen.runs.length - runs.length;
  return {
    data,
    splits,
    predictedSplits: runs.map(({ fold }) => fold - 1),
    isCalibrated: false,
    notes: [
      ...(runs.length < splits
        ? [`${name} has ${countText(runs.length, "fold")} of ${splits}: what the others test is left out.`]
        : []),
      ...(more > 0 ? [`${name} has ${countText(more, "repetition")} more; the first run of each fold speaks.`] : []),
    ],
    async outOfFold(map, { signal, onPatches }) {
      const models = await loadRunModels(reader, data, chosen, runs);
      try {
        return await predicted({ data, map, models, batchSize, signal, onPatches });
      } finally {
        for (const { predictor } of models) predictor.release();
      }
    },
  };
}

const batchSize = 64;

async function predicted(options: OutOfFoldOptions): Promise<MapRows> {
  const [height, width] = options.map.inside;
  const values = new Float32Array(height * width).fill(Number.NaN);
  for await (const { firstRow, probability } of outOfFoldRows(options)) values.set(probability, firstRow * width);
  return {
    shape: [height, width],
    section: async (y0, y1, x0, x1) =>
      Float64Array.from(
        { length: (y1 - y0) * (x1 - x0) },
        (_, i) => values[(y0 + Math.floor(i / (x1 - x0))) * width + x0 + (i % (x1 - x0))] ?? Number.NaN,
      ),
  };
}

interface ChosenModel {
  readonly folded: FoldedData;
  readonly chosen: FoldedModel;
}

/** By its key, or by its class and options, as mosaic compare writes it. */
function chooseModel(all: readonly FoldedData[], database: string, name: string): ChosenModel {
  const known = all.flatMap((folded) =>
    folded.models.filter(isSegmentation).map((chosen): ChosenModel => ({ folded, chosen })),
  );
  const [first, second] = known.filter(({ chosen }) => chosen.name === name || writtenOut(chosen) === name);
  if (first !== undefined && second === undefined) return first;
  if (known.length === 0)
    throw new BigsfError("MODEL", `${database} has no models that were trained on folds of BigSF's patches`);
  if (first !== undefined)
    throw new BigsfError(
      "MODEL",
      `several models of ${database} are called ${name}: of other data, or with other options of [PROCESS]; train them into databases of their own, or give them keys that differ`,
    );
  const names = [...new Set(known.map(({ chosen }) => chosen.name))];
  const said = name === "" ? `name a model of ${database} behind a colon` : `${database} has no model ${name}`;
  throw new BigsfError("MODEL", `${said}; there are ${names.join(", ")}`);
}

function writtenOut({ module }: FoldedModel): string {
  return module === undefined ? "" : `${module.className}(${Object.values(module.options).join(",")})`;
}
