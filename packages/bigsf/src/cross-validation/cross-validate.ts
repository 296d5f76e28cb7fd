import { join, resolve } from "node:path";
import { replaceFile } from "@ml-mosaic/base";
import { type ConfigObject, resolvedConfig } from "@ml-mosaic/configurable";
import { Generator } from "@ml-mosaic/tensor";
import { type BaseData, type Existing, type RunResult, sampleCount, Trainer } from "@ml-mosaic/training";
import { PatchesData } from "../datasets/patches-data.ts";
import { checkTraining } from "./check-training.ts";
import { type FoldFigure, foldFigures } from "./fold-figures.ts";
import { loadFoldModels } from "./fold-models.ts";
import { type OutOfFoldSummary, writeOutOfFoldMaps } from "./out-of-fold-maps.ts";
import { figuresCsv, mapsCsv, resultsCsv } from "./result-tables.ts";
import { type FoldEvents, type FoldOutcome, trainFolds } from "./train-folds.ts";
import { resultNames, splitName, withValidationFolder } from "./validation-folder.ts";

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
      ? await predictMaps(first.data, { first, folder, results, pause, onPredicted }, share)
      : undefined;
  await replaceFile(join(folder, resultNames.tests), resultsCsv(tests));
  await replaceFile(join(folder, resultNames.summary), figuresCsv(figures, map));
  if (map !== undefined && map.maps.length > 1)
    await replaceFile(join(folder, resultNames.maps), mapsCsv(map.maps, map.pooled));
  return { figures, ...(map === undefined ? {} : { map }) };
}

async function predictMaps(
  data: PatchesData,
  { first, folder, results, pause, onPredicted }: SummaryParts,
  share: number,
): Promise<OutOfFoldSummary> {
  const snapshots = results.map((result, split) => ({
    split,
    path: join(result.folder, `${result.test?.snapshot ?? "last"}.safetensors`),
  }));
  const models = await loadFoldModels(data, snapshots);
  try {
    return await writeOutOfFoldMaps({
      data,
      models,
      batchSize: first.settings.batch_size,
      testShare: share,
      folder,
      names: resultNames,
      signal: pause,
      onPredicted,
    });
  } finally {
    for (const { predictor } of models) predictor.release();
  }
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
