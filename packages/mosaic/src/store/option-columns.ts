/** Options of all runs as columns, in one walk through their rows: one for each option takes thrice the time. */
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { ColumnValues } from "./records.ts";
import type { RowOf } from "./run-columns.ts";
import { pipelineParam } from "./run-queries.ts";
import { type Row, storedInteger } from "./stored-value.ts";
import { type Cell, TextColumn } from "./text-column.ts";

interface Wanted {
  readonly names: readonly string[];
  readonly rows: number;
  readonly rowOf: RowOf;
  /** What is to be read of a value. */
  readonly asked: (value: string) => string;
}

/** So many sets of values are kept at once. */
const mostKept = 20_000;

/** In the order of the names. Most runs have the same options as others, so that these are looked up once. */
export function readOptionColumns(
  database: DatabaseSync,
  { names, rows, rowOf, asked }: Wanted,
): readonly ColumnValues[] {
  if (names.length === 0) return [];
  const columns = names.map(() => new TextColumn(rows));
  const kept = new Map<string, Map<string, Uint32Array>>();
  for (const { 0: runId, 1: ofRun, 2: cells } of rowsOfRuns(database, asked)) {
    const row = rowOf(Number(runId));
    if (row === undefined) continue;
    const [given, values] = [String(ofRun), String(cells)];
    const known = kept.get(given) ?? new Map<string, Uint32Array>();
    kept.set(given, known);
    let codes = known.get(values);
    if (codes === undefined) {
      const options = optionsIn(JSON.parse(given), JSON.parse(values));
      codes = Uint32Array.from(columns, (column, index) => column.codeOf(options.get(names[index] ?? "")));
      if (known.size >= mostKept) known.clear();
      known.set(values, codes);
    }
    for (let index = 0; index < columns.length; index++) columns[index]?.set(row, codes[index] ?? 0);
  }
  return columns.map(({ values }) => values);
}

/** So many runs are read at once, since one by one they take half as long again; an original database sorts for each portion. */
const portion = 50_000;

/** For each run its id, and the names and values of its options as JSON. */
function* rowsOfRuns(database: DatabaseSync, asked: Wanted["asked"]): Generator<Row> {
  const statement = database.prepare(
    `SELECT run_id, json_group_array(param_name), json_group_array(${asked("param_value")})
     FROM params WHERE run_id > ? AND param_name <> ? GROUP BY run_id LIMIT ${portion}`,
  );
  statement.setReturnArrays(true);
  // Before all others in SQLite's order.
  let last: SQLInputValue = -(2n ** 63n);
  for (let rows = statement.all(last, pipelineParam); ; rows = statement.all(last, pipelineParam)) {
    yield* rows;
    const runId = rows.at(-1)?.[0];
    if (rows.length < portion || runId === undefined) return;
    last = typeof runId === "number" ? storedInteger(runId) : runId;
  }
}

/** Of several rows of one option the first counts. */
function optionsIn(names: readonly string[], cells: readonly Cell[]): ReadonlyMap<string, Cell> {
  const options = new Map<string, Cell>();
  for (const [index, name] of names.entries()) if (!options.has(name)) options.set(name, cells[index] ?? null);
  return options;
}
