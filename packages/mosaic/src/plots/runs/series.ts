// Runs gathered into lines: for each series and place on the axis the mean over its runs, and how sure it is.
import { shortenMiddle } from "../text/fit-text.ts";
import { finiteResult, leftOut, type PlotRun, type PlottedValues } from "./plot-runs.ts";
import { meanOfRuns, type RunMean } from "./run-mean.ts";

export interface SeriesValue {
  readonly runId: number;
  readonly value: number;
}

export interface SeriesPoint extends RunMean {
  /** A number, or the text of an option that is none. */
  readonly x: number | string;
  readonly values: readonly SeriesValue[];
  /** Whether the runs are of several pipelines: they differ by more than repetition. */
  readonly isMixed: boolean;
}

export interface Series {
  readonly name: string;
  /** In the order of x. */
  readonly points: readonly SeriesPoint[];
}

export interface SeriesOf extends PlottedValues {
  readonly name: (run: PlotRun) => string;
}

/** Series in the order in which they first occur; without repeated runs and runs that have no finite result. */
export function seriesOf(runs: readonly PlotRun[], { name, x, criterion }: SeriesOf): readonly Series[] {
  const usable = runs.flatMap((run) => {
    const [place, value] = [x(run), finiteResult(run, criterion)];
    return run.isRepeated || place === undefined || value === undefined ? [] : [{ run, place, value }];
  });
  return [...Map.groupBy(usable, ({ run }) => name(run))].map(([series, ofSeries]) => ({
    name: series,
    points: [...Map.groupBy(ofSeries, ({ place }) => place)]
      .map(
        ([place, ofPlace]): SeriesPoint => ({
          x: place,
          values: ofPlace.map(({ run, value }) => ({ runId: run.runId, value })),
          ...meanOfRuns(ofPlace),
          isMixed: new Set(ofPlace.map(({ run }) => run.configuration)).size > 1,
        }),
      )
      .sort((one, other) => compareX(one.x, other.x)),
  }));
}

/** Numbers by size, before texts by alphabet. */
export function compareX(one: number | string, other: number | string): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  if (typeof one === "string" && typeof other === "string") return one.localeCompare(other, "en", { numeric: true });
  return typeof one === "number" ? -1 : 1;
}

/** "n = 4 repetitions", "n = 2 to 4 repetitions" */
export function repetitionsText(series: readonly Series[]): string {
  const counts = series.flatMap(({ points }) => points.map(({ values }) => values.length));
  const [least, most] = counts.reduce(([low, high], n) => [Math.min(low, n), Math.max(high, n)], [Infinity, 0]);
  if (most === 1) return "one run each (n = 1): no uncertainty is known";
  return least === most ? `n = ${most} repetitions` : `n = ${least} to ${most} repetitions`;
}

/** Lines for under the title: `first`, how often and how sure; what is left out. */
export function seriesNotes(
  first: string,
  runs: readonly PlotRun[],
  series: readonly Series[],
  of: SeriesOf,
  more: readonly (string | undefined)[],
): readonly string[] {
  const isMixed = series.some(({ points }) => points.some((point) => point.isMixed));
  return [
    joinNotes([first, series.length === 0 ? "" : repetitionsText(series), ...more]),
    joinNotes([...leftOut(runs, of), isMixed ? "some places hold several pipelines with one key" : ""]),
  ];
}

/** "Data set data_Or"; a long key leaves room for what else the line says. */
export function dataNote(dataKey: string): string {
  return dataKey === "" ? "No data set" : `Data set ${shortenMiddle(dataKey, 40)}`;
}

export function hasIntervals(series: readonly Series[]): boolean {
  return series.some(({ points }) => points.some(({ low }) => low !== null));
}

export function joinNotes(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== "").join(" · ");
}
