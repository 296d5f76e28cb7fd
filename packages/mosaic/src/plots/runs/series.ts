/** Runs gathered into series: for each series and place on the axis the mean over its runs, and how sure it is. */
import { compareX, type Series, type SeriesPoint } from "../charts/series.ts";
import { joinNotes, repetitionsNote } from "../text/notes.ts";
import { finiteResult, leftOut, type PlotRun, type PlottedValues } from "./plot-runs.ts";
import { meanOfRuns } from "./run-mean.ts";

export interface RunSeries extends Series {
  readonly points: readonly RunPoint[];
}

interface RunPoint extends SeriesPoint {
  /** Whether the runs are of several pipelines: they differ by more than repetition. */
  readonly isMixed: boolean;
}

export interface SeriesOf extends PlottedValues {
  readonly name: (run: PlotRun) => string;
}

/** Series in the order in which they first occur; without repeated runs and runs that have no finite result. */
export function seriesOf(runs: readonly PlotRun[], { name, x, criterion }: SeriesOf): readonly RunSeries[] {
  const usable = runs.flatMap((run) => {
    const [place, value] = [x(run), finiteResult(run, criterion)];
    return run.isRepeated || place === undefined || value === undefined ? [] : [{ run, place, value }];
  });
  return [...Map.groupBy(usable, ({ run }) => name(run))].map(([series, ofSeries]) => ({
    name: series,
    points: [...Map.groupBy(ofSeries, ({ place }) => place)]
      .map(([place, ofPlace]) => ({
        x: place,
        values: ofPlace.map(({ run, value }) => ({ runId: run.runId, value })),
        ...meanOfRuns(ofPlace),
        isMixed: new Set(ofPlace.map(({ run }) => run.configuration)).size > 1,
      }))
      .sort((one, other) => compareX(one.x, other.x)),
  }));
}

export function seriesRepetitions(series: readonly Series[]): string {
  return repetitionsNote(series.flatMap(({ points }) => points.map(({ values }) => values.length)));
}

/** Lines for under the title: `first`, how often and how sure; what is left out. */
export function seriesNotes(
  first: string,
  runs: readonly PlotRun[],
  series: readonly RunSeries[],
  of: SeriesOf,
  more: readonly (string | undefined)[],
): readonly string[] {
  const isMixed = series.some(({ points }) => points.some((point) => point.isMixed));
  return [
    joinNotes([first, seriesRepetitions(series), ...more]),
    joinNotes([...leftOut(runs, of), isMixed ? "some places hold several pipelines with one key" : ""]),
  ];
}

export function hasIntervals(series: readonly Series[]): boolean {
  return series.some(({ points }) => points.some(({ low }) => low !== null));
}
