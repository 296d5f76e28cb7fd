/** The values behind a plot of series: every run, drawn or not, with the mean that it went into. */
import type { TableColumn, TableValue } from "../../export/table.ts";
import type { Series } from "../charts/series.ts";
import type { PlotRun } from "./plot-runs.ts";
import type { SeriesOf } from "./series.ts";

export interface SeriesTableOf extends SeriesOf {
  readonly xColumn: TableColumn;
  /** Name of the column with the drawn values; they have none of their own where the axis shows them already. */
  readonly valueColumn: string;
  readonly series: readonly Series[];
}

/** A table whose rows are at hand. */
interface MemoryTable {
  readonly columns: readonly TableColumn[];
  rows(): readonly (readonly TableValue[])[];
}

export function seriesTable(
  runs: readonly PlotRun[],
  { name, x, criterion, xColumn, valueColumn, series }: SeriesTableOf,
): MemoryTable {
  const points = new Map(
    series.flatMap((one) => one.points.flatMap((point) => point.values.map(({ runId }) => [runId, point]))),
  );
  const hasValueColumn = xColumn.name !== valueColumn;
  return {
    columns: [
      { name: "run_id", type: "whole" },
      { name: "status", type: "text" },
      { name: "data_key", type: "text" },
      { name: "model_key", type: "text" },
      { name: "pipeline", type: "text" },
      { name: "series", type: "text" },
      xColumn,
      ...(hasValueColumn ? [{ name: valueColumn, type: "number" } as const] : []),
      { name: "n", type: "whole" },
      { name: "mean", type: "number" },
      { name: "t_interval_low", type: "number" },
      { name: "t_interval_high", type: "number" },
    ],
    rows: () =>
      runs.map((run) => {
        const { runId, status, dataKey, modelKey, pipeline } = run;
        const point = points.get(runId);
        const value = hasValueColumn ? [run.results.get(criterion) ?? null] : [];
        const figures = [point?.values.length ?? null, point?.mean ?? null, point?.low ?? null, point?.high ?? null];
        const place = [name(run), x(run) ?? null, ...value];
        return [runId, status, dataKey, modelKey, pipeline, ...place, ...figures];
      }),
  };
}
