/** What `mosaic compare` says about a database, as data. */
import { nearestNames } from "@ml-mosaic/base";
import { exactUpTo, level } from "@ml-mosaic/statistics";
import { MosaicError } from "../errors.ts";
import { type ChangedDataFile, changedDataFiles } from "../experiment/data-files.ts";
import type { Figure } from "../figures/figure.ts";
import { figureNamed, readFigures } from "../figures/known-figures.ts";
import type { StoreReader } from "../store/index.ts";
import { type ChangedCode, changedCode } from "./changed-code.ts";
import type { TrainedFurther } from "./common-epochs.ts";
import { compareOnData, type DataReport, pairCountOf } from "./data-report.ts";
import { mixedExecutors, mixedProcessors } from "./mixed-executors.ts";
import { compareOverData, type OverallReport } from "./overall-report.ts";
import { readRuns } from "./read-runs.ts";
import { type DataResults, gatherResults } from "./results.ts";
import type { Rope } from "./rope.ts";
import { countRemoved } from "./run-table.ts";
import type { ScaleChoice } from "./scale.ts";

export interface CompareReport {
  readonly database: string;
  readonly criterion: Figure;
  /** What models are grouped by; null where every pipeline is a model. */
  readonly by: string | null;
  readonly level: number;
  readonly rope: Rope;
  readonly dataSets: readonly DataReport[];
  /** null for a single data set. */
  readonly overall: OverallReport | null;
  /** Runs that were not selected; null where all were. */
  readonly leftOut: number | null;
  /** Runs that have no such option as models are grouped by. */
  readonly withoutGroup: number;
  /** Some runs are of the original Mosaic and some are not. */
  readonly mixesOriginal: boolean;
  /** Models of which some repetitions have more epochs than others. */
  readonly trainedFurther: readonly TrainedFurther[];
  /** Files of data that were not the same for all runs. */
  readonly changedFiles: readonly ChangedDataFile[];
  /** Models whose repetitions were trained with different texts of a module. */
  readonly changedCode: readonly ChangedCode[];
  /** Models of which different executors have computed repetitions of one pipeline. */
  readonly mixedExecutors: readonly string[];
  /** Runs that several models of processor have computed in turn. */
  readonly mixedProcessors: readonly number[];
}

export interface CompareOptions {
  readonly criterion: string;
  readonly by?: string | undefined;
  /** Key of the only data set to look at. */
  readonly data?: string | undefined;
  /** Ids of the only runs to look at. */
  readonly runIds?: readonly number[] | undefined;
  readonly rope: Rope;
  readonly scale: ScaleChoice;
  /** Plans for every data set, however many there are; without it only for few. */
  readonly all?: boolean;
}

/** More data sets than this are looked at one by one only if asked for. */
export const mostDataSets = 3;
/** Pairs of a data set that get a plan. */
const plansEach = 6;

/** @throws MosaicError where there is nothing to compare, with what there is */
export async function compareRuns(
  reader: StoreReader,
  { criterion: name, by, data, runIds, rope, scale, all: isAll = false }: CompareOptions,
): Promise<CompareReport> {
  const criterion = figureNamed(await readFigures(reader), name);
  const read = await readRuns(reader, criterion, { by, runIds });
  const { table, withoutGroup, trainedFurther } = read;
  if (read.pipelines.length === 0) throw nothing(`${reader.location} has no runs with a pipeline`);
  const all = gatherResults(read, criterion.name);
  const chosen =
    data === undefined
      ? all
      : all.filter(({ data: label, dataKey, stageKeys }) => [label, dataKey, ...stageKeys].includes(data));
  if (data !== undefined && chosen.length === 0) {
    const known = nearestNames(data, [...new Set(all.map(({ dataKey }) => dataKey))]);
    throw nothing(`there is no data set "${data}". Known ones, the nearest first: ${known.join(", ")}`);
  }
  requireResults(chosen, criterion.name, reader.location);
  const pairCount = chosen.reduce((sum, results) => sum + pairCountOf(results), 0);
  const plans = isAll || chosen.length <= mostDataSets ? plansEach : 0;
  const settings = { criterion, rope, scale, exactUpTo: exactUpTo(pairCount), plans };
  const dataSets = chosen.map((results) => compareOnData(results, settings));
  return {
    database: reader.location,
    criterion,
    by: by ?? null,
    level,
    rope,
    dataSets,
    overall: chosen.length > 1 ? compareOverData(chosen, settings) : null,
    leftOut: runIds === undefined ? null : (await reader.runIds()).length - new Set(runIds).size,
    withoutGroup,
    mixesOriginal: table.originals > 0 && table.originals < table.length,
    trainedFurther,
    changedFiles: await changedDataFiles(reader),
    changedCode: await changedCode(reader, chosen),
    mixedExecutors: mixedExecutors(read),
    mixedProcessors: mixedProcessors(read),
  };
}

function requireResults(dataSets: readonly DataResults[], criterion: string, location: string): void {
  const models = dataSets.flatMap((data) => data.models);
  if (models.some(({ results }) => results.size > 0)) return;
  const sum = (count: (model: (typeof models)[number]) => number) =>
    models.reduce((total, model) => total + count(model), 0);
  const counts = [
    [sum(({ failed }) => failed), "failed"],
    [sum(({ diverged }) => diverged), "diverged (NaN or infinite)"],
    [sum(({ empty }) => empty), `have no ${criterion}`],
    [sum(({ unfinished }) => unfinished), "not finished"],
    [sum(({ removed }) => countRemoved(removed)), "removed"],
    [sum(({ incomplete }) => incomplete), "repetitions in which only some of a group's pipelines have a result"],
  ] as const;
  const found = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  throw nothing(`${location} has no run with a finite ${criterion}; of its runs are ${found.join(", ")}`);
}

function nothing(message: string): MosaicError {
  return new MosaicError("NOTHING_TO_COMPARE", message);
}
