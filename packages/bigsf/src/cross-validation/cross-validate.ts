import { join, resolve } from "node:path";
import { replaceFile } from "@ml-mosaic/base";
import { type ConfigObject, resolvedConfig } from "@ml-mosaic/configurable";
import { Generator } from "@ml-mosaic/tensor";
import {
  type BaseData,
  type Existing,
  loadSnapshotModel,
  type RunResult,
  sampleCount,
  Trainer,
} from "@ml-mosaic/training";
import { encodedBy } from "../datasets/data-options.ts";
import { PatchesData } from "../datasets/patches-data.ts";
import { fileOfMap } from "../maps/source-map.ts";
import { compilePredictor } from "../segmentation/patch-predictor.ts";
import { checkTraining } from "./check-training.ts";
import { type FoldFigure, figureOf, foldFigures } from "./fold-figures.ts";
import type { FoldModel } from "./out-of-fold.ts";
import { type PixelScores, PixelTally, pixelShares } from "./pixel-scores.ts";
import { figuresCsv, mapsCsv, resultsCsv } from "./result-tables.ts";
import { type FoldEvents, type FoldOutcome, trainFolds } from "./train-folds.ts";
import { resultNames, splitName, withValidationFolder } from "./validation-folder.ts";
import { writeOutOfFold } from "./write-out-of-fold.ts";

export interface CrossValidationOptions {
  /** How many splits are trained at a time; all results are the same, whatever it is. */
  readonly workers: number;
  /** What to do where the folder of a split holds its run already. */
  readonly existing: Existing;
  /** Aborted: stop soon, so that the same call goes on later. */
  readonly pause: AbortSignal;
  readonly events: FoldEvents;
  /** Patches of the out-of-fold map. */
  readonly onPredicted: (done: number, total: number) => void;
}

export interface CrossValidationResult {
  readonly folder: string;
  readonly outcomes: readonly FoldOutcome[];
  /** Absent where not all splits are trained. */
  readonly summary?: {
    readonly figures: readonly FoldFigure[];
    /** Of patches of a map. Other data have no map. */
    readonly map?: OutOfFoldSummary;
  };
}

export interface OutOfFoldSummary {
  /** Every pixel of every map counted once. */
  readonly pooled: PixelScores;
  readonly maps: readonly MapResult[];
  /** What the maps say together, each counted once; none where there is only one. */
  readonly overMaps: readonly FoldFigure[];
}

/** The out-of-fold map of one of the maps. */
export interface MapResult {
  readonly name: string;
  readonly scores: PixelScores;
  readonly outOfFold: string;
  readonly picture: string;
}

/** A training on every split of the data, planned and checked. It can be run once. */
export interface CrossValidation {
  readonly splitCount: number;
  readonly epochs: number;
  readonly notices: readonly string[];
  run(options: CrossValidationOptions): Promise<CrossValidationResult>;
}

/**
 * Reads a configuration and checks everything of it on every split. Each split is a run of its own in
 * `<output_dir>/<run_name>/split_<n>`.
 *
 * @throws ConfigurationError, BigsfError with everything that is wrong
 */
export async function planCrossValidation(config: string): Promise<CrossValidation> {
  const first = await Trainer.fromConfig(config);
  const { output_dir, run_name, epochs } = first.settings;
  const folder = resolve(output_dir, run_name);
  const splitCount = await first.data.splitCount();
  const splits = Array.from({ length: splitCount }, (_, split) => split);
  await checkTraining(first, splits);
  const { data } = first;
  const notices = await data.notices();
  const configOf = (split: number): ConfigObject => ({
    ...first.config,
    trainer: { ...resolvedConfig(first.settings), output_dir: folder, run_name: splitName(split) },
  });
  return {
    splitCount,
    epochs,
    notices,
    async run({ workers, existing, pause, events, onPredicted }) {
      // Where they are to begin anew, all of them are removed before the first one begins.
      const foldExisting = existing === "overwrite" ? "resume" : existing;
      const folds = splits.map((split) => ({ split, existing: foldExisting, config: configOf(split) }));
      try {
        return await withValidationFolder(folder, { config: first.config, existing }, async () => {
          const outcomes = await trainFolds({ folds, workers, pause, events });
          const results = outcomes.flatMap((outcome) => (outcome.kind === "done" ? [outcome.result] : []));
          if (results.length < splitCount) return { folder, outcomes };
          return { folder, outcomes, summary: await summarize({ first, folder, results, pause, onPredicted }) };
        });
      } finally {
        await data.close();
      }
    },
  };
}

interface SummaryParts extends Pick<CrossValidationOptions, "pause" | "onPredicted"> {
  readonly first: Trainer;
  readonly folder: string;
  readonly results: readonly RunResult[];
}

async function summarize({ first, folder, results, pause, onPredicted }: SummaryParts) {
  const tests = results.flatMap(({ test }) => (test === undefined ? [] : [test]));
  const { figures: told = [] } = await first.data.loaders({ split: 0, batchSize: 1, generator: new Generator(0) });
  const named = [...first.settings.namedMetrics(), ...told];
  const shares = new Set(named.flatMap(({ name, isShare }) => (isShare === true ? [name] : [])));
  const share = await testShare(first.data, results.length);
  const figures = foldFigures(tests, share, shares);
  const map =
    first.data instanceof PatchesData
      ? await predictMaps({
          data: first.data,
          testShare: share,
          batchSize: first.settings.batch_size,
          folder,
          results,
          pause,
          onPredicted,
        })
      : undefined;
  await replaceFile(join(folder, resultNames.tests), resultsCsv(tests));
  await replaceFile(join(folder, resultNames.summary), figuresCsv(figures, map));
  if (map !== undefined && map.maps.length > 1)
    await replaceFile(join(folder, resultNames.maps), mapsCsv(map.maps, map.pooled));
  return { figures, ...(map === undefined ? {} : { map }) };
}

interface MapParts extends Omit<SummaryParts, "first"> {
  readonly data: PatchesData;
  readonly batchSize: number;
  readonly testShare: number;
}

async function predictMaps({
  data,
  batchSize,
  testShare,
  folder,
  results,
  pause,
  onPredicted,
}: MapParts): Promise<OutOfFoldSummary> {
  const { source } = await data.open();
  const models = await bestModels(data, results);
  const pooled = new PixelTally();
  let [done, total] = [0, 0];
  for (const { split } of models) total += (await data.patches(split, "test")).indices.length;
  const onPatches = (count: number) => {
    done += count;
    onPredicted(done, total);
  };
  const maps: MapResult[] = [];
  try {
    for (const map of source.maps) {
      const outOfFold = join(folder, fileOfMap(resultNames.outOfFold, map, source.maps.length));
      const picture = join(folder, fileOfMap(resultNames.picture, map, source.maps.length));
      const options = { data, map, models, batchSize, onPatches, signal: pause };
      const { scores, picture: png } = await writeOutOfFold(outOfFold, pooled, options);
      await replaceFile(picture, png);
      maps.push({ name: map.name, scores, outOfFold, picture });
    }
  } finally {
    for (const { predictor } of models) predictor.release();
  }
  return { pooled: pooled.scores(), maps, overMaps: maps.length > 1 ? mapFigures(maps, testShare) : [] };
}

/** Scores over maps, each of which counts once. */
function mapFigures(maps: readonly MapResult[], testShare: number): readonly FoldFigure[] {
  return pixelShares.map((name) =>
    figureOf(
      name,
      maps.map(({ scores }) => scores[name]),
      { testShare, isShare: true },
    ),
  );
}

/** Test samples of a split divided by those that it trains or tests on, over all splits; NaN where nobody knows. */
async function testShare(data: BaseData, splitCount: number): Promise<number> {
  let [train, test] = [0, 0];
  for (let split = 0; split < splitCount; split++) {
    const loaders = await data.loaders({ split, batchSize: 1, generator: new Generator(0) });
    train += sampleCount(loaders.train) ?? Number.NaN;
    test += (loaders.test && sampleCount(loaders.test)) ?? Number.NaN;
  }
  return test / (train + test);
}

async function bestModels(data: PatchesData, results: readonly RunResult[]): Promise<readonly FoldModel[]> {
  const { patchSize } = (await data.open()).source;
  const positions = encodedBy(data, "test").includes("positions");
  return Promise.all(
    results.map(async ({ folder, test }, split) => {
      const { model } = await loadSnapshotModel(join(folder, `${test?.snapshot ?? "last"}.safetensors`));
      return { split, predictor: await compilePredictor({ model, patchSize, positions }) };
    }),
  );
}
