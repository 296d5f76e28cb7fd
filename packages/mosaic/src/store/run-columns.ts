/** What all runs have under some names, as columns: for tables, filters and pictures of very many runs. */
import type { DatabaseSync } from "node:sqlite";
import { readOptionColumns } from "./option-columns.ts";
import type { ColumnSource, ColumnValues, RunColumns } from "./records.ts";
import { seedColumns } from "./seed-columns.ts";
import { numberIn } from "./stored-value.ts";
import { type Cell, TextColumn } from "./text-column.ts";

/** Belongs into a transaction, so that the columns fit each other. */
export function runColumnsIn(database: DatabaseSync, sources: readonly ColumnSource[]): RunColumns {
  const { ids } = readCells(database, "runs", []);
  const sorted = idsIn(ids).sort();
  const runIds = sorted.filter((id, index) => id !== sorted[index - 1]);
  const inOrder = `[${runIds.join()}]`;
  const rowOf = rowLookup(runIds);
  const found = new Map<ColumnSource, ColumnValues>();
  const options = sources.filter(({ of }) => of === "option");
  const ofOptions = withoutBytes((asked) =>
    readOptionColumns(database, { names: options.map(({ name }) => name), rows: runIds.length, rowOf, asked }),
  );
  for (const [index, source] of options.entries()) found.set(source, ofOptions[index] ?? numberColumn([]));
  const places = sources.flatMap((source) => (source.of === "option" ? [] : [{ source, ...placeOf(source) }]));
  // What lies in the same rows is read in one walk through them.
  for (const [from, columns] of Map.groupBy(places, (place) => place.from)) {
    const read = withoutBytes((asked) =>
      readCells(
        database,
        from,
        columns.map(({ value }) => asked(value)),
      ),
    );
    for (const [index, { source, isText }] of columns.entries()) {
      const ofIds = read.cells[index] ?? [];
      const cells = read.ids === inOrder ? ofIds : placed(idsIn(read.ids), ofIds, rowOf, runIds.length);
      found.set(source, isText ? textColumn(cells) : numberColumn(cells));
    }
  }
  return { runIds, columns: sources.flatMap((source) => found.get(source) ?? []) };
}

/** Where a column is: rows of this, and in them this. */
interface Place {
  readonly from: string;
  readonly value: string;
  readonly isText: boolean;
}

const tags = "(SELECT run_id, group_concat(tag, ', ' ORDER BY tag) AS tags FROM tags GROUP BY run_id)";

const runColumns = {
  status: { from: "runs", value: "status", isText: true },
  pipeline: { from: "runs", value: "pipeline", isText: true },
  experiment: { from: "run_details", value: "experiment_id", isText: false },
  repetition: { from: "run_details", value: "repetition", isText: false },
  seed: { from: "run_details", value: "seed", isText: false },
  executor: { from: "run_details", value: "executor", isText: true },
  processors: { from: "run_details", value: "processors", isText: true },
  data_digest: { from: "run_details", value: "data_digest", isText: true },
  started: { from: "run_details", value: "started_at", isText: false },
  finished: { from: "run_details", value: "finished_at", isText: false },
  tags: { from: tags, value: "tags", isText: true },
  note: { from: "notes", value: "note", isText: true },
} as const satisfies Readonly<Record<string, Place>>;

/** Columns that every database has. */
export type RunColumnName = keyof typeof runColumns;

function placeOf(source: Exclude<ColumnSource, { readonly of: "option" }>): Place {
  if (source.of === "run") return runColumns[source.name];
  const { name } = source;
  if (seedColumns.some((column) => column.name === name))
    return { from: "run_results", value: `"${name}"`, isText: false };
  const text = `'${name.replaceAll("'", "''")}'`;
  return { from: `(SELECT run_id, value FROM run_metrics WHERE name = ${text})`, value: "value", isText: false };
}

interface Cells {
  /** As JSON: mostly all have the same, and need not be read again. */
  readonly ids: string;
  /** For each value, in the order of the ids; a run may have several, of which the first counts, or none. */
  readonly cells: readonly (readonly Cell[])[];
}

/** As texts of JSON, which takes a third of the time of as many rows; SQLite's numbers go through them bit for bit. */
function readCells(database: DatabaseSync, from: string, values: readonly string[]): Cells {
  const cells = values.map((value, index) => `, json_group_array(${value}) AS c${index}`);
  const row = database.prepare(`SELECT json_group_array(run_id) AS ids${cells.join("")} FROM ${from}`).get();
  return { ids: String(row?.ids), cells: values.map((_, index) => JSON.parse(String(row?.[`c${index}`]))) };
}

/** The original may have stored what it took for a number as bytes; to look at each value takes time for all others. */
function withoutBytes<Read>(read: (asked: (value: string) => string) => Read): Read {
  try {
    return read((value) => value);
  } catch (error) {
    if (!(error instanceof Error && error.message.includes("BLOB"))) throw error;
    return read((value) => `iif(typeof(${value}) = 'blob', NULL, ${value})`);
  }
}

/** The original may have kept ids as texts. */
function idsIn(text: string): Float64Array<ArrayBuffer> {
  return Float64Array.from<number | string>(JSON.parse(text), Number);
}

/** undefined where there is no such run. */
export type RowOf = (runId: number) => number | undefined;

/** Ids mostly have no gaps. */
function rowLookup(runIds: Float64Array): RowOf {
  const [first = 0] = runIds;
  if (runIds.at(-1) === first + runIds.length - 1)
    return (runId) => (runId >= first && runId < first + runIds.length ? runId - first : undefined);
  const rows = new Map(Array.from(runIds, (runId, row) => [runId, row] as const));
  return (runId) => rows.get(runId);
}

/** undefined where the run has none. Plain loops: there may be a million cells, and iterators take five times as long. */
function placed(ids: Float64Array, cells: readonly Cell[], rowOf: RowOf, rows: number): readonly (Cell | undefined)[] {
  const column = new Array<Cell | undefined>(rows).fill(undefined);
  for (let index = 0; index < cells.length; index++) {
    const row = rowOf(ids[index] ?? Number.NaN);
    if (row !== undefined && column[row] === undefined) column[row] = cells[index];
  }
  return column;
}

function numberColumn(cells: readonly (Cell | undefined)[]): ColumnValues {
  const missing = new Uint8Array(cells.length);
  const values = new Float64Array(cells.length);
  let isMissing = false;
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row];
    const number = typeof cell === "number" ? cell : numberIn({ cell: cell ?? null }, "cell");
    values[row] = number ?? Number.NaN;
    if (number !== null) continue;
    missing[row] = 1;
    isMissing = true;
  }
  return { kind: "number", values, missing: isMissing ? missing : null };
}

function textColumn(cells: readonly (Cell | undefined)[]): ColumnValues {
  const column = new TextColumn(cells.length);
  for (let row = 0; row < cells.length; row++) column.set(row, column.codeOf(cells[row]));
  return column.values;
}
