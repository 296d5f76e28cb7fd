import type { EpochRecord } from "@ml-mosaic/training";
import type { Figure } from "../figures/figure.ts";
import { epochColumns, epochMetrics, type ParamSummary, type RunRecord } from "../store/index.ts";
import type { TableColumn, TableValue } from "./table.ts";

/** A column of a table of `T`s. */
export interface Column<T> extends TableColumn {
  readonly read: (record: T) => TableValue;
}

/**
 * The columns of a table of runs: what every run has, every option by its name in `params`, every figure by its
 * name, tags and note. An option with the name of another column, as `epochs`, gets `param_` before it.
 */
export function runColumns(
  params: readonly ParamSummary[],
  figures: readonly Figure[],
): readonly Column<ExportedRun>[] {
  const own: readonly Column<ExportedRun>[] = [
    { name: "run_id", type: "whole", read: ({ run }) => run.runId },
    { name: "status", type: "text", read: ({ run }) => run.status },
    { name: "experiment", type: "whole", read: ({ run }) => run.details?.experimentId ?? null },
    { name: "repetition", type: "whole", read: ({ run }) => run.details?.repetition ?? null },
    { name: "seed", type: "whole", read: ({ run }) => run.details?.seed ?? null },
    { name: "executor", type: "text", read: ({ run }) => run.details?.executor ?? null },
    { name: "processors", type: "text", read: ({ run }) => run.details?.processors.join("; ") || null },
    { name: "data_digest", type: "text", read: ({ run }) => run.details?.dataDigest ?? null },
    { name: "pipeline", type: "text", read: ({ run }) => run.description },
  ];
  const results = figures.map(figureColumn);
  const labels: readonly Column<ExportedRun>[] = [
    { name: "tags", type: "text", read: ({ run }) => run.tags.join(", ") || null },
    { name: "note", type: "text", read: ({ run }) => run.note ?? null },
  ];
  const taken = new Set([...own, ...results, ...labels].map(({ name }) => name));
  const options = params.map(({ name, isNumeric }): Column<ExportedRun> => {
    const free = freeName(name, taken);
    taken.add(free);
    return {
      name: free,
      type: isNumeric ? "number" : "text",
      read: ({ params }) => paramValue(params.get(name), isNumeric),
    };
  });
  return [...own, ...options, ...results, ...labels];
}

export interface ExportedRun {
  readonly run: RunRecord;
  /** The run's `params` by name. */
  readonly params: ReadonlyMap<string, string>;
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  return taken.has(name) ? freeName(`param_${name}`, taken) : name;
}

function paramValue(value: string | undefined, isNumeric: boolean): TableValue {
  if (value === undefined) return null;
  if (!isNumeric) return value;
  return value === "" ? null : Number(value);
}

function figureColumn({ name, whole }: Figure): Column<ExportedRun> {
  return { name, type: whole === true ? "whole" : "number", read: ({ run }) => run.result?.[name] ?? null };
}

export interface ExportedEpoch {
  readonly runId: number;
  readonly epoch: EpochRecord;
}

export function historyColumns(metrics: readonly Figure[]): readonly Column<ExportedEpoch>[] {
  return [
    { name: "run_id", type: "whole", read: ({ runId }) => runId },
    { name: "epoch", type: "whole", read: ({ epoch }) => epoch.epoch },
    ...epochColumns.map(
      ({ name, of }): Column<ExportedEpoch> => ({ name, type: "number", read: ({ epoch }) => of(epoch) }),
    ),
    ...metrics.map(
      ({ name }): Column<ExportedEpoch> => ({
        name,
        type: "number",
        read: ({ epoch }) => epochMetrics(epoch)[name] ?? null,
      }),
    ),
  ];
}
