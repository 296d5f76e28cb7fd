/** Epochs of runs as columns, for curves of many runs. */
import type { DatabaseSync } from "node:sqlite";
import { epochColumns } from "./epoch-columns.ts";
import type { CurveTimes, RunCurves } from "./records.ts";
import { integerIn, numberIn, storedInteger } from "./stored-value.ts";

/** @param after epochs up to this one are left out; when the others ended is read only where it is wished, which takes as long as a curve */
export function prepareRunCurves(database: DatabaseSync, names: readonly string[], { seconds }: CurveTimes) {
  const cells = names.map((name, index) =>
    epochColumns.some((column) => column.name === name)
      ? `json_group_array(iif(typeof("${name}") = 'blob', NULL, "${name}")) AS c${index}`
      : `json_group_array(json_extract(metrics, :path${index})) AS c${index}`,
  );
  const durations = seconds ? ["json_group_array(seconds) AS seconds"] : [];
  const rows = "FROM (SELECT * FROM history WHERE run_id = :run AND epoch > :after ORDER BY epoch)";
  const statement = database.prepare(
    `SELECT ${["count(*) AS count", "min(epoch) AS first", "max(epoch) AS last", ...durations, ...cells].join(", ")} ${rows}`,
  );
  const gaps = database.prepare(`SELECT json_group_array(epoch) AS epochs ${rows}`);
  const paths = Object.fromEntries(
    names.flatMap((name, index) =>
      cells[index]?.includes(`:path${index}`) ? [[`path${index}`, `$.${JSON.stringify(name)}`] as const] : [],
    ),
  );
  const before = database.prepare("SELECT total(seconds) AS seconds FROM history WHERE run_id = ? AND epoch <= ?");
  /** Mostly one after the other, so that they need not be read. */
  const epochsOf = (row: Readonly<Record<string, unknown>>, which: Readonly<Record<string, bigint | number>>) => {
    const [count, first, last] = [Number(row.count), Number(row.first), Number(row.last)];
    if (count > 0 && last - first + 1 !== count) return numbersIn(gaps.get(which)?.epochs);
    return Float64Array.from({ length: count }, (_, place) => first + place);
  };
  return (runId: number, after: number): RunCurves => {
    const which = { run: storedInteger(runId), after: storedInteger(after) };
    const row = statement.get({ ...which, ...paths }) ?? {};
    let elapsed =
      seconds && after > 0 ? (numberIn(before.get(which.run, which.after) ?? {}, "seconds") ?? Number.NaN) : 0;
    return {
      runId,
      epochs: epochsOf(row, which),
      seconds: numbersIn(row.seconds).map((duration) => {
        elapsed += duration;
        return elapsed;
      }),
      series: names.map((_, index) => numbersIn(row[`c${index}`])),
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
