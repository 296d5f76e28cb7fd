/** Epochs of runs as columns, for curves of many runs. */
import type { DatabaseSync } from "node:sqlite";
import { epochColumns } from "./epoch-columns.ts";
import type { CurveTimes, RunCurves } from "./records.ts";
import { integerIn, numberIn, type Row, storedInteger } from "./stored-value.ts";

/** @param after epochs up to this one are left out */
export function prepareRunCurves(database: DatabaseSync, names: readonly string[], { seconds }: CurveTimes) {
  const isColumn = (name: string) => epochColumns.some((column) => column.name === name);
  const paths = Object.fromEntries(
    names.flatMap((name, index) => (isColumn(name) ? [] : [[`path${index}`, `$.${JSON.stringify(name)}`] as const])),
  );
  const cells = names.map((name, index) => (isColumn(name) ? `"${name}"` : numberAt(`:path${index}`)));
  // The time of a row is that of its cells in JavaScript: as an array each of them costs least, as JSON twice as much.
  const rows = database.prepare(
    `SELECT ${["epoch", ...(seconds ? ["seconds"] : []), ...cells].join(", ")}
     FROM history WHERE run_id = :run AND epoch > :after ORDER BY epoch`,
  );
  rows.setReturnArrays(true);
  const before = database.prepare("SELECT total(seconds) AS seconds FROM history WHERE run_id = ? AND epoch <= ?");
  return (runId: number, after: number): RunCurves => {
    const which = { run: storedInteger(runId), after: storedInteger(after) };
    const columns = columnsOf(rows.all({ ...which, ...paths }), cells.length + (seconds ? 2 : 1));
    const [epochs = new Float64Array(), ...others] = columns;
    const [durations, series] = seconds ? [others[0], others.slice(1)] : [undefined, others];
    let elapsed =
      seconds && after > 0 ? (numberIn(before.get(which.run, which.after) ?? {}, "seconds") ?? Number.NaN) : 0;
    const times = (durations ?? new Float64Array()).map((duration) => {
      elapsed += duration;
      return elapsed;
    });
    return { runId, epochs, seconds: times, series };
  };
}

/** A whole number that no `number` has exactly is the nearest one. */
function numberAt(path: string): string {
  return `iif(json_type(metrics, ${path}) = 'integer', json_extract(metrics, ${path}) + 0.0, json_extract(metrics, ${path}))`;
}

/** NaN also where nothing is stored. Plain loops: there may be millions of cells, and iterators take five times as long. */
function columnsOf(rows: readonly Row[], width: number): readonly Float64Array<ArrayBuffer>[] {
  const columns = Array.from({ length: width }, () => new Float64Array(rows.length));
  for (let place = 0; place < rows.length; place++) {
    const row = rows[place] ?? {};
    for (let index = 0; index < width; index++) {
      const cell = row[index];
      const column = columns[index];
      if (column !== undefined)
        column[place] = typeof cell === "number" ? cell : (numberIn({ cell: cell ?? null }, "cell") ?? Number.NaN);
    }
  }
  return columns;
}

/** Names of all that the epochs of some run have, in the order of the columns, then of the metrics' names. */
export function seriesIn(database: DatabaseSync, metrics: readonly string[]): readonly string[] {
  const isKnown = (sql: string) =>
    integerIn(database.prepare(`SELECT EXISTS (${sql}) AS known`).get() ?? {}, "known") === 1;
  if (!isKnown("SELECT 1 FROM history")) return [];
  // Looking through all epochs for what none has takes long; a run's last one says it, and its result.
  const hasAccuracy = (name: string) =>
    isKnown(`SELECT 1 FROM run_results WHERE "${name}" IS NOT NULL`) ||
    isKnown(
      `SELECT 1 FROM runs WHERE status <> 'done' AND
         (SELECT "${name}" FROM history WHERE history.run_id = runs.run_id ORDER BY epoch DESC LIMIT 1) IS NOT NULL`,
    );
  const own = epochColumns.map(({ name }) => name).filter((name) => name !== "seconds");
  return [...own.filter((name) => !name.endsWith("_acc") || hasAccuracy(name)), ...metrics];
}
