/** From runs to what is compared: for each data set and model one result for each repetition. */

import { present } from "@ml-mosaic/base";
import { meanOf } from "@ml-mosaic/statistics";
import { codeName } from "../pipelines/pipeline.ts";
import type { Orders } from "./counting.ts";
import { countingRun } from "./counting-run.ts";
import type { ComparedPipeline, ReadRuns } from "./read-runs.ts";
import {
  countRemoved,
  type Outcome,
  type RemovedCounts,
  type RunTable,
  sumRemoved,
  type TableRun,
} from "./run-table.ts";

export interface ModelResults {
  readonly model: string;
  /** Finite results by repetition (and fold), in the order of the repetitions. */
  readonly results: ReadonlyMap<string, number>;
  /** Repetitions whose training failed: it ended with an error of its own, or with a figure that is NaN or infinite. */
  readonly failures: ReadonlySet<string>;
  /** All repetitions, in their order. */
  readonly repetitions: readonly string[];
  /** The runs of a repetition, looked up. */
  readonly runIdsOf: (repetition: string) => readonly number[];
  /** What has made its data, of all of its pipelines. */
  readonly dataSource: string;
  /** It is a program, or several. */
  readonly readsOwnData: boolean;
  /** Of the data that it has seen in each repetition, looked up; one of which that is not known is left out. */
  readonly dataDigests: () => ReadonlyMap<string, string>;
  readonly orders: Orders;
  /** That trained the runs that count and have ended, and the files that their pipelines name. */
  readonly experimentIds: readonly number[];
  readonly paths: readonly string[];
  /** Pipelines that are averaged; more than one only where models are grouped. */
  readonly members: number;
  /** Runs that ended with an error. */
  readonly failed: number;
  /** Runs over which workers died: they say nothing about the model. */
  readonly lost: number;
  /** Runs whose figure is NaN or infinite. */
  readonly diverged: number;
  readonly unfinished: number;
  /** Runs that are no longer in the database. */
  readonly removed: RemovedCounts;
  /** Done runs without such a figure, as the accuracy of a regression. */
  readonly empty: number;
  /** Repetitions that do not count because some but not all of a group's pipelines have a result. */
  readonly incomplete: number;
}

export interface DataResults {
  readonly data: string;
  readonly dataKey: string;
  /** Keys of the data's stages. */
  readonly stageKeys: readonly string[];
  /** Of the cross-validation; 0 where there is none. */
  readonly folds: number;
  readonly models: readonly ModelResults[];
  /** Runs that count no more because another one is of the same repetition. */
  readonly repeated: number;
  /** Whether some runs say no repetition: those were paired in the order of their ids. */
  readonly isPairedByOrder: boolean;
}

/** In the order in which data sets and models first occur; model by model, so that no more is held than one of them takes. */
export function gatherResults({ table, pipelines, isSelected }: ReadRuns, criterion: string): readonly DataResults[] {
  const repetitions = new Map<string, string>();
  return [...Map.groupBy(pipelines, ({ data }) => data)].map(([data, ofData]) => {
    const { dataKey, stageKeys } = present(ofData[0], "pipeline of a group");
    const folds = new Set(ofData.map(({ fold }) => fold).filter((fold) => fold !== undefined)).size;
    let kept = 0;
    let isPairedByOrder = false;
    const models = [...Map.groupBy(ofData, ({ model }) => model)].map(([model, ofModel]) => {
      const read = () => cellsOf(runsOf(table, ofModel, criterion), repetitions);
      const cells = read();
      for (const cell of cells.values()) {
        kept += cell.size;
        for (const { seed } of cell.values()) isPairedByOrder ||= seed === undefined;
      }
      const runIdsOf = (repetition: string) => Array.from(read().get(repetition)?.values() ?? [], ({ runId }) => runId);
      const dataSource = [...new Set(ofModel.map((pipeline) => pipeline.dataSource))].toSorted().join("; ");
      const removed = sumRemoved(ofModel.map((pipeline) => pipeline.removed));
      return {
        ...modelResults(model, cells, { removed, isSelected }),
        runIdsOf,
        dataSource,
        readsOwnData: ofModel.every(({ readsOwnData }) => readsOwnData),
        dataDigests: () => digestsOf(read()),
      };
    });
    return {
      data,
      dataKey,
      stageKeys,
      folds: folds > 1 ? folds : 0,
      models,
      repeated: ofData.reduce((sum, { rows }) => sum + rows.length, 0) - kept,
      isPairedByOrder,
    };
  });
}

interface ComparedRun extends TableRun, Pick<ComparedPipeline, "member" | "fold"> {
  readonly outcome: Outcome;
}

/** In the order of their ids. */
function runsOf(table: RunTable, pipelines: readonly ComparedPipeline[], criterion: string): readonly ComparedRun[] {
  const runs = pipelines.flatMap(({ rows, member, fold }) =>
    rows.map((row) => {
      const run = table.run(row);
      return { ...run, member, fold, outcome: table.outcome(run, criterion) };
    }),
  );
  return pipelines.length === 1 ? runs : runs.sort((one, other) => one.row - other.row);
}

/** The run that counts, by repetition, then by member. */
type Cells = ReadonlyMap<string, ReadonlyMap<string, ComparedRun>>;

/** @param repetitions texts of them, so that all models share theirs */
function cellsOf(runs: readonly ComparedRun[], repetitions: Map<string, string>): Cells {
  const cells = new Map<string, Map<string, ComparedRun[]>>();
  const withoutSeed = new Map<string, number>();
  for (const run of runs.toSorted((one, other) => (one.repetition ?? 0) - (other.repetition ?? 0))) {
    const { seed, fold, member } = run;
    const place = `${member}\n${fold}`;
    const order = withoutSeed.get(place) ?? 0;
    if (seed === undefined) withoutSeed.set(place, order + 1);
    const text = `${seed ?? `#${order}`}${fold === undefined ? "" : ` fold ${fold}`}`;
    const repetition = repetitions.get(text) ?? text;
    repetitions.set(repetition, repetition);
    const cell = cells.get(repetition) ?? new Map<string, ComparedRun[]>();
    cells.set(repetition, cell);
    const repeats = cell.get(member);
    if (repeats === undefined) cell.set(member, [run]);
    else repeats.push(run);
  }
  return new Map(
    Array.from(cells, ([repetition, cell]) => [
      repetition,
      new Map(
        [...cell].flatMap(([member, repeats]) => {
          const run = countingRun(repeats, isDone);
          return run === undefined ? [] : [[member, { ...run, isAgain: run.isAgain || repeats.length > 1 }] as const];
        }),
      ),
    ]),
  );
}

/** Pipelines that are averaged must all have seen the same. */
function digestsOf(cells: Cells): ReadonlyMap<string, string> {
  const digests = Array.from(cells, ([repetition, cell]) => {
    const [first, ...others] = new Set(Array.from(cell.values(), ({ dataDigest }) => dataDigest));
    return [repetition, others.length === 0 ? first : undefined] as const;
  });
  return new Map(digests.flatMap(([repetition, digest]) => (digest === undefined ? [] : [[repetition, digest]])));
}

function isDone({ outcome }: ComparedRun): boolean {
  return typeof outcome === "number" || outcome === "diverged" || outcome === "empty";
}

/** Runs of a model that do not count. */
interface Reduction {
  readonly removed: RemovedCounts;
  /** Others may be there that were not selected. */
  readonly isSelected: boolean;
}

function modelResults(
  model: string,
  cells: Cells,
  reduction: Reduction,
): Omit<ModelResults, "runIdsOf" | "dataSource" | "readsOwnData" | "dataDigests"> {
  const members = new Set([...cells.values()].flatMap((cell) => [...cell.keys()]));
  const runs = [...cells.values()].flatMap((cell) => [...cell.values()]);
  const count = (wanted: Outcome) => runs.filter(({ outcome }) => outcome === wanted).length;
  const results = new Map<string, number>();
  const failures = new Set<string>();
  let incomplete = 0;
  for (const [repetition, cell] of cells) {
    const outcomes = [...cell.values()].map(({ outcome }) => outcome);
    const values = outcomes.filter((outcome) => typeof outcome === "number");
    const failed = outcomes.filter((outcome) => outcome === "failed" || outcome === "diverged");
    if (values.length === members.size) results.set(repetition, meanOf(values));
    else if (failed.length > 0 && failed.length + values.length === members.size) failures.add(repetition);
    else if (values.length > 0) incomplete++;
  }
  return {
    model,
    results,
    failures,
    repetitions: [...cells.keys()],
    orders: ordersOf(runs, reduction),
    ...originsOf(runs),
    members: members.size,
    failed: count("failed"),
    lost: count("lost"),
    diverged: count("diverged"),
    unfinished: count("unfinished"),
    removed: reduction.removed,
    empty: count("empty"),
    incomplete,
  };
}

function originsOf(runs: readonly ComparedRun[]): Pick<ModelResults, "experimentIds" | "paths"> {
  const ended = runs.filter(({ outcome }) => outcome !== "unfinished");
  const pipelines = new Set(ended.map(({ pipeline }) => pipeline));
  return {
    experimentIds: [...new Set(ended.map(({ experimentId }) => experimentId))].filter((id) => id !== undefined),
    paths: [...new Set([...pipelines].flatMap(({ data, model }) => [...data, ...model].map(codeName)))],
  };
}

function ordersOf(runs: readonly ComparedRun[], { removed, isSelected }: Reduction): Orders {
  const ended = runs.filter(({ outcome }) => outcome !== "unfinished");
  return {
    runs: runs.length,
    ended: ended.length,
    lastOrdered: runs.reduce((last, { orderedAt = 0 }) => Math.max(last, orderedAt), 0),
    firstEnded: ended.reduce((first, { endedAt = 0 }) => Math.min(first, endedAt), Infinity),
    reduced: countRemoved(removed) > 0 ? "removed" : isSelected ? "selected" : undefined,
    isAgain: runs.some(({ isAgain }) => isAgain),
    isUnknown: runs.some(
      ({ orderedAt, endedAt, outcome }) =>
        orderedAt === undefined || (endedAt === undefined && outcome !== "unfinished"),
    ),
  };
}
