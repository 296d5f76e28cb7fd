/** From runs to what is compared: for each data set and model one result for each repetition. */
import { countingRun } from "./counting-run.ts";
import type { ComparedRun, Outcome } from "./read-runs.ts";

export interface ModelResults {
  readonly model: string;
  /** Finite results by repetition (and fold). */
  readonly results: ReadonlyMap<string, number>;
  /** Pipelines that are averaged; more than one only where models are grouped. */
  readonly members: number;
  /** Runs that ended with an error. */
  readonly failed: number;
  /** Runs whose figure is NaN or infinite. */
  readonly diverged: number;
  readonly unfinished: number;
  /** Done runs without such a figure, as the accuracy of a regression. */
  readonly empty: number;
  /** Repetitions that do not count because some but not all of a group's pipelines have a result. */
  readonly incomplete: number;
}

export interface DataResults {
  readonly data: string;
  readonly dataKey: string;
  /** Of the cross-validation; 0 where there is none. */
  readonly folds: number;
  readonly models: readonly ModelResults[];
  /** Runs that count no more because another one is of the same repetition. */
  readonly repeated: number;
  /** Whether some runs say no repetition: those were paired in the order of their ids. */
  readonly isPairedByOrder: boolean;
}

/** In the order in which data sets and models first occur. */
export function gatherResults(runs: readonly ComparedRun[]): readonly DataResults[] {
  return [...Map.groupBy(runs, ({ data }) => data)].map(([data, ofData]) => {
    const folds = new Set(ofData.map(({ fold }) => fold).filter((fold) => fold !== undefined)).size;
    const models = [...Map.groupBy(ofData, ({ model }) => model)].map(([model, ofModel]) => ({
      model,
      cells: cellsOf(ofModel),
      runs: ofModel.length,
    }));
    const kept = models.flatMap(({ cells }) => [...cells.values()]).reduce((sum, cell) => sum + cell.size, 0);
    return {
      data,
      dataKey: ofData[0]?.dataKey ?? "",
      folds: folds > 1 ? folds : 0,
      models: models.map(({ model, cells }) => modelResults(model, cells)),
      repeated: ofData.length - kept,
      isPairedByOrder: ofData.some(({ seed }) => seed === undefined),
    };
  });
}

/** Outcomes by repetition, then by member. */
type Cells = ReadonlyMap<string, ReadonlyMap<string, Outcome>>;

function cellsOf(runs: readonly ComparedRun[]): Cells {
  const cells = new Map<string, Map<string, Outcome[]>>();
  const withoutSeed = new Map<string, number>();
  for (const { seed, fold, member, outcome } of runs) {
    const place = `${member}\n${fold}`;
    const order = withoutSeed.get(place) ?? 0;
    if (seed === undefined) withoutSeed.set(place, order + 1);
    const repetition = `${seed ?? `#${order}`}${fold === undefined ? "" : ` fold ${fold}`}`;
    const cell = cells.get(repetition) ?? new Map<string, Outcome[]>();
    const repeats = cell.get(member);
    if (repeats === undefined) cell.set(member, [outcome]);
    else repeats.push(outcome);
    cells.set(repetition, cell);
  }
  return new Map(
    Array.from(cells, ([repetition, cell]) => [
      repetition,
      new Map(Array.from(cell, ([member, repeats]) => [member, countingRun(repeats, isDone) ?? "empty"])),
    ]),
  );
}

function isDone(outcome: Outcome): boolean {
  return outcome !== "failed" && outcome !== "unfinished";
}

function modelResults(model: string, cells: Cells): ModelResults {
  const members = new Set([...cells.values()].flatMap((cell) => [...cell.keys()]));
  const outcomes = [...cells.values()].flatMap((cell) => [...cell.values()]);
  const count = (wanted: Outcome) => outcomes.filter((outcome) => outcome === wanted).length;
  const results = new Map<string, number>();
  let incomplete = 0;
  for (const [repetition, cell] of cells) {
    const values = [...cell.values()].filter((outcome) => typeof outcome === "number");
    if (values.length === members.size)
      results.set(repetition, values.reduce((sum, value) => sum + value, 0) / values.length);
    else if (values.length > 0) incomplete++;
  }
  return {
    model,
    results,
    members: members.size,
    failed: count("failed"),
    diverged: count("diverged"),
    unfinished: count("unfinished"),
    empty: count("empty"),
    incomplete,
  };
}
