/** Epochs of runs as columns, for curves of many runs. */
import type { DatabaseSync } from "node:sqlite";
import { epochColumns } from "./epoch-columns.ts";
import type { RunCurves } from "./records.ts";
import { integerIn, numberIn, storedInteger } from "./stored-value.ts";

/** @param after epochs up to this one are left out */
export function prepareRunCurves(database: DatabaseSync, names: readonly string[]) {
  const cells = names.map((name, index) =>
    epochColumns.some((column) => column.name === name)
      ? `json_group_array(iif(typeof("${name}") = 'blob', NULL, "${name}")) AS c${index}`
      : `json_group_array(json_extract(metrics, :path${index})) AS c${index}`,
  );
  const statement = database.prepare(
    `SELECT json_group_array(epoch) AS epochs, json_group_array(seconds) AS seconds${cells.map((cell) => `, ${cell}`).join("")}
     FROM (SELECT * FROM history WHERE run_id = :run AND epoch > :after ORDER BY epoch)`,
  );
  const paths = Object.fromEntries(
    names.flatMap((name, index) =>
      cells[index]?.includes(`:path${index}`) ? [[`path${index}`, `$.${JSON.stringify(name)}`] as const] : [],
    ),
  );
  const before = database.prepare("SELECT total(seconds) AS seconds FROM history WHERE run_id = ? AND epoch <= ?");
  return (runId: number, after: number): RunCurves => {
    const run = storedInteger(runId);
    const row = statement.get({ run, after: storedInteger(after), ...paths });
    let elapsed = after > 0 ? (numberIn(before.get(run, storedInteger(after)) ?? {}, "seconds") ?? Number.NaN) : 0;
    const durations = numbersIn(row?.seconds);
    return {
      runId,
      epochs: numbersIn(row?.epochs),
      seconds: durations.map((duration) => {
        elapsed += duration;
        return elapsed;
      }),
      series: names.map((_, index) => numbersIn(row?.[`c${index}`])),
    };
  };
}

/** NaN also where nothing is stored. */
function numbersIn(text: unknown): Float64Array<ArrayBuffer> {
  const cells: readonly (number | string | null)[] = JSON.parse(String(text ?? "[]"));
  return Float64Array.from(cells, (cell) =>
    typeof cell === "number" ? cell : (numberIn({ cell }, "cell") ?? Number.NaN),
  );
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
