/** What all runs have under some names, as columns: for tables, filters and pictures of very many runs. */
import type { DatabaseSync } from "node:sqlite";
import type { ColumnSource, ColumnValues, RunColumns } from "./records.ts";
import { seedColumns } from "./seed-columns.ts";
import { numberIn, textOrNullIn } from "./stored-value.ts";

type Cell = number | string | null;

/** Cells in the order of the ids; a run may have several, of which the first counts, or none. */
interface Cells {
  /** As JSON: mostly all have the same, and need not be read again. */
  readonly ids: string;
  readonly cells: readonly Cell[];
}

/** Belongs into a transaction, so that the columns fit each other. */
export function runColumnsIn(database: DatabaseSync, sources: readonly ColumnSource[]): RunColumns {
  const { ids } = cellsOf(database, "SELECT run_id, NULL AS value FROM runs");
  const sorted = idsIn(ids).sort();
  const runIds = sorted.filter((id, index) => id !== sorted[index - 1]);
  const rowOf = rowLookup(runIds);
  const inOrder = `[${runIds.join()}]`;
  return {
    runIds,
    columns: sources.map((source) => {
      const read = readCells(database, source);
      const cells = read.ids === inOrder ? read.cells : placed(read, rowOf, runIds.length);
      return isText(source) ? textColumn(cells) : numberColumn(cells);
    }),
  };
}

const runColumns = {
  status: "SELECT run_id, status AS value FROM runs",
  pipeline: "SELECT run_id, pipeline AS value FROM runs",
  experiment: "SELECT run_id, experiment_id AS value FROM run_details",
  repetition: "SELECT run_id, repetition AS value FROM run_details",
  seed: "SELECT run_id, seed AS value FROM run_details",
  executor: "SELECT run_id, executor AS value FROM run_details",
  data_digest: "SELECT run_id, data_digest AS value FROM run_details",
  started: "SELECT run_id, started_at AS value FROM run_details",
  finished: "SELECT run_id, finished_at AS value FROM run_details",
  tags: "SELECT run_id, group_concat(tag, ', ' ORDER BY tag) AS value FROM tags GROUP BY run_id",
  note: "SELECT run_id, note AS value FROM notes",
} as const;

/** Columns that every database has. */
export type RunColumnName = keyof typeof runColumns;

const texts: readonly string[] = [
  "status",
  "pipeline",
  "executor",
  "data_digest",
  "tags",
  "note",
] satisfies readonly RunColumnName[];

function isText({ of, name }: ColumnSource): boolean {
  return of === "option" || (of === "run" && texts.includes(name));
}

function readCells(database: DatabaseSync, source: ColumnSource): Cells {
  switch (source.of) {
    case "run":
      return cellsOf(database, runColumns[source.name]);
    case "option":
      return cellsOf(
        database,
        "SELECT run_id, param_value AS value FROM params WHERE param_name = ? ORDER BY rowid",
        source.name,
      );
    case "figure":
      return seedColumns.some(({ name }) => name === source.name)
        ? cellsOf(database, `SELECT run_id, "${source.name}" AS value FROM run_results`)
        : cellsOf(database, "SELECT run_id, value FROM run_metrics WHERE name = ?", source.name);
    default:
      return source satisfies never;
  }
}

/** As two texts of JSON, which takes a third of the time of as many rows; SQLite's numbers go through them bit for bit. */
function cellsOf(database: DatabaseSync, select: string, ...given: readonly string[]): Cells {
  const read = (value: string) =>
    database
      .prepare(`SELECT json_group_array(run_id) AS ids, json_group_array(${value}) AS cells FROM (${select})`)
      .get(...given);
  let row: ReturnType<typeof read>;
  try {
    row = read("value");
  } catch (error) {
    // The original may have stored what it took for a number as bytes; to look at each value takes time for all others.
    if (!(error instanceof Error && error.message.includes("BLOB"))) throw error;
    row = read("iif(typeof(value) = 'blob', NULL, value)");
  }
  return { ids: String(row?.ids), cells: JSON.parse(String(row?.cells)) };
}

/** The original may have kept ids as texts. */
function idsIn(text: string): Float64Array<ArrayBuffer> {
  return Float64Array.from<number | string>(JSON.parse(text), Number);
}

type RowOf = (runId: number) => number | undefined;

/** Ids mostly have no gaps. */
function rowLookup(runIds: Float64Array): RowOf {
  const first = runIds[0] ?? 0;
  if (runIds.at(-1) === first + runIds.length - 1) return (runId) => runId - first;
  const rows = new Map(Array.from(runIds, (runId, row) => [runId, row] as const));
  return (runId) => rows.get(runId);
}

/** undefined where the run has none. Plain loops: there may be a million cells, and iterators take five times as long. */
function placed({ ids: text, cells }: Cells, rowOf: RowOf, length: number): readonly (Cell | undefined)[] {
  const ids = idsIn(text);
  const column = new Array<Cell | undefined>(length).fill(undefined);
  for (let index = 0; index < cells.length; index++) {
    const row = rowOf(ids[index] ?? Number.NaN);
    if (row !== undefined && row >= 0 && row < length && column[row] === undefined) column[row] = cells[index];
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

/** Code of a run that has no text. */
const noText = 0xffffffff;

function textColumn(cells: readonly (Cell | undefined)[]): ColumnValues {
  const known = new Map<string, number>();
  const codes = new Uint32Array(cells.length);
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row];
    const text = typeof cell === "string" ? cell : textOrNullIn({ cell: cell ?? null }, "cell");
    if (text === null) {
      codes[row] = noText;
      continue;
    }
    const code = known.get(text);
    codes[row] = code ?? known.size;
    if (code === undefined) known.set(text, known.size);
  }
  return { kind: "text", texts: [...known.keys()], codes };
}
