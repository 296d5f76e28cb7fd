/** Figures of runs by their models, in columns: a million pipelines are too many to hold anything else of each. */
import { hash } from "node:crypto";
import { deviationOf, meanOf } from "@ml-mosaic/statistics/sample";
import { NumberColumn } from "../compare/number-column.ts";
import { figureOf, type RunFigureName } from "../figures/run-figures.ts";
import type { RunResult } from "../store/index.ts";

/** A run that has ended. */
export interface TalliedRun {
  readonly runId: number;
  /** Texts that are equal for runs of one model, and for runs on the same data. */
  readonly model: string;
  readonly data: string;
  /** undefined where the database does not say it: then it is one of its own. */
  readonly repetition: number | undefined;
  /** null where it has failed. */
  readonly result: RunResult | null;
}

/** Of one model over its repetitions. */
export interface ModelFigures {
  readonly parameterCount: number | null;
  readonly runs: number;
  readonly failed: number;
  /** Runs beside them that have trained one of these repetitions once more, and do not count. */
  readonly repeats: number;
  /** Mean over the repetitions; NaN if one of them diverged. */
  readonly testLoss: number | null;
  /** Standard deviation over the repetitions; null for fewer than two. */
  readonly testLossDeviation: number | null;
  readonly testAccuracy: number | null;
  readonly durationSeconds: number | null;
}

const kept = ["nb_params", "test_loss", "test_acc", "duration(s)"] as const satisfies readonly RunFigureName[];
type Kept = (typeof kept)[number];

export class ModelTally {
  readonly #models = new Numbering();
  readonly #data = new Numbering();
  /** By model. */
  readonly #firstRuns = new NumberColumn(Float64Array);
  // By run, in the order in which they were added.
  readonly #modelOf = new NumberColumn(Uint32Array);
  readonly #dataOf = new NumberColumn(Uint32Array);
  readonly #repetitionOf = new NumberColumn(Float64Array);
  readonly #isDone = new NumberColumn(Uint8Array);
  readonly #figures: ReadonlyMap<Kept, FigureColumn> = new Map(kept.map((name) => [name, new FigureColumn()]));

  /** How many models there are. */
  get count(): number {
    return this.#firstRuns.length;
  }

  /** Returns whether it is the first one of its model. */
  add({ runId, model, data, repetition, result }: TalliedRun): boolean {
    const number = this.#models.of(model);
    const isFirst = number === this.#firstRuns.length;
    if (isFirst) this.#firstRuns.push(runId);
    this.#modelOf.push(number);
    this.#dataOf.push(repetition === undefined ? noData : this.#data.of(data));
    this.#repetitionOf.push(repetition ?? runId);
    this.#isDone.push(result === null ? 0 : 1);
    for (const [name, column] of this.#figures) column.push(figureOf(result, name));
    return isFirst;
  }

  firstRun(model: number): number {
    return this.#firstRuns.at(model);
  }

  /** To be called when all have been added. */
  figures(): (model: number) => ModelFigures {
    const rowsOf = rowsByGroup(this.#modelOf, this.count);
    return (model) => this.#figuresOf(rowsOf(model));
  }

  #figuresOf(rows: Uint32Array): ModelFigures {
    const counting = this.#counting(rows);
    const done = counting.filter((row) => this.#isDone.at(row) === 1);
    const valuesOf = (name: Kept) =>
      done.map((row) => this.#figures.get(name)?.at(row) ?? null).filter((value) => value !== null);
    const losses = valuesOf("test_loss");
    return {
      parameterCount: valuesOf("nb_params")[0] ?? null,
      runs: done.length,
      failed: counting.length - done.length,
      repeats: rows.length - counting.length,
      testLoss: meanOrNull(losses),
      testLossDeviation: losses.length < 2 ? null : deviationOf(losses),
      testAccuracy: meanOrNull(valuesOf("test_acc")),
      durationSeconds: meanOrNull(valuesOf("duration(s)")),
    };
  }

  /** One of each repetition. As in comparisons: what is done counts before what failed, then the last. */
  #counting(rows: Uint32Array): readonly number[] {
    if (rows.length === 1) return [...rows];
    const byRepetition = new Map<string, number>();
    for (const row of rows) {
      // Folds are other data, and so other repetitions.
      const key = `${this.#dataOf.at(row)} ${this.#repetitionOf.at(row)}`;
      const earlier = byRepetition.get(key);
      const counts = earlier === undefined || this.#isDone.at(row) === 1 || this.#isDone.at(earlier) === 0;
      if (counts) byRepetition.set(key, row);
    }
    return [...byRepetition.values()];
  }
}

const noData = 0xff_ff_ff_ff;

/** Numbers texts as they come, without keeping them. */
class Numbering {
  readonly #numbers = new Map<string, number>();

  of(text: string): number {
    const digest = hash("sha256", text, "base64");
    const known = this.#numbers.get(digest) ?? this.#numbers.size;
    this.#numbers.set(digest, known);
    return known;
  }
}

/** A figure that may be missing, which is something else than NaN. */
class FigureColumn {
  readonly #values = new NumberColumn(Float64Array);
  readonly #isThere = new NumberColumn(Uint8Array);

  push(value: number | null): void {
    this.#values.push(value ?? 0);
    this.#isThere.push(value === null ? 0 : 1);
  }

  at(row: number): number | null {
    return this.#isThere.at(row) === 1 ? this.#values.at(row) : null;
  }
}

/** The rows of each group, in their order. */
function rowsByGroup(groupOf: NumberColumn<Uint32Array>, groups: number): (group: number) => Uint32Array {
  const counts = new Uint32Array(groups);
  for (let row = 0; row < groupOf.length; row++) counts[groupOf.at(row)] = (counts[groupOf.at(row)] ?? 0) + 1;
  const ends = new Uint32Array(groups);
  let end = 0;
  for (const [group, count] of counts.entries()) ends[group] = end += count;
  const rows = new Uint32Array(groupOf.length);
  const starts = ends.slice();
  for (let row = groupOf.length - 1; row >= 0; row--) {
    const start = (starts[groupOf.at(row)] ?? 0) - 1;
    starts[groupOf.at(row)] = start;
    rows[start] = row;
  }
  return (group) => rows.subarray(starts[group], ends[group]);
}

function meanOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : meanOf(values);
}
