/** What other connections have changed: what is there compared with what was, where anything was committed at all. */
import type { DatabaseSync } from "node:sqlite";
import type { ChangeCursor, RunChanges } from "./records.ts";
import { integerIn, textOrNullIn } from "./stored-value.ts";

/** The state of all runs, as far as it can be told without their results. */
class RunStates implements ChangeCursor {
  /** Versions are a connection's own. */
  readonly database: DatabaseSync;
  readonly version: number;
  /** When its first experiment was begun: another database's is another one. */
  readonly origin: string;
  /** Equal where no run and no label has changed. */
  readonly summary: string;
  /** Ascending ids, and for each a number that is another one when its status or its times are. */
  readonly ids: Float64Array;
  readonly stamps: Float64Array;
  /** Tags and notes by run, as JSON. */
  readonly labels: string;

  constructor(
    [database, version, origin]: readonly [DatabaseSync, number, string],
    summary: string,
    labels: string,
    [ids, stamps]: readonly [Float64Array, Float64Array],
  ) {
    this.database = database;
    this.version = version;
    this.origin = origin;
    this.summary = summary;
    this.labels = labels;
    this.ids = ids;
    this.stamps = stamps;
  }
}

/** Belongs into a transaction. */
export function runChangesIn(database: DatabaseSync, since: ChangeCursor | undefined): RunChanges {
  const version = versionOf(database);
  const before = since instanceof RunStates ? since : undefined;
  if (database === before?.database && version === before.version)
    return { cursor: before, changed: [], removed: [], isWritten: false };
  const [summary, labels] = [summaryOf(database), labelsOf(database)];
  const isSame = summary === before?.summary;
  const states = isSame ? ([before.ids, before.stamps] as const) : stampsOf(database);
  const origin = originOf(database);
  const cursor = new RunStates([database, version, origin], summary, labels, states);
  if (before === undefined) return { cursor, changed: [], removed: [], isWritten: false };
  if (before.ids.length > 0 && before.origin !== origin)
    return { cursor, changed: Array.from(cursor.ids), removed: Array.from(before.ids), isWritten: true };
  const { changed, removed } = isSame ? { changed: [], removed: [] } : differences(before, cursor);
  const relabelled = labels === before.labels ? [] : relabelledRuns(before.labels, labels);
  const all = Float64Array.from(new Set([...changed, ...relabelled])).sort();
  return { cursor, changed: Array.from(all), removed, isWritten: true };
}

/** Another number after every commit of another connection, to whichever file the runs are in. */
function versionOf(database: DatabaseSync): number {
  const files = database.prepare("SELECT name FROM pragma_database_list").all();
  const name = files.some((file) => textOrNullIn(file, "name") === "original") ? "original" : "main";
  return integerIn(database.prepare(`PRAGMA ${name}.data_version`).get() ?? {}, "data_version");
}

function originOf(database: DatabaseSync): string {
  const first = database.prepare("SELECT created_at FROM experiments ORDER BY experiment_id LIMIT 1").get();
  return first === undefined ? "" : String(first.created_at);
}

/** Sums are texts: of times of some thousand runs they are larger than any number that JavaScript has exactly. */
function summaryOf(database: DatabaseSync): string {
  const counts = database.prepare("SELECT status, count(*) AS runs FROM runs GROUP BY status ORDER BY status").all();
  const times = database
    .prepare(
      `SELECT count(*) AS runs, max(run_id) AS last, CAST(sum(started_at) AS TEXT) AS started,
         CAST(sum(finished_at) AS TEXT) AS finished, CAST(sum(ordered_at) AS TEXT) AS ordered, sum(attempts) AS attempts FROM run_details`,
    )
    .all();
  return JSON.stringify([counts, times]);
}

const allStates = "pending running done error paused";

function stampsOf(database: DatabaseSync): readonly [ids: Float64Array, stamps: Float64Array] {
  const row = database
    .prepare(
      `SELECT json_group_array(CAST(runs.run_id AS INTEGER)) AS ids,
         json_group_array(instr('${allStates}', status) + 64 * (coalesce(finished_at, 0)
           + 3 * coalesce(started_at, 0) + 5 * coalesce(ordered_at, 0) + 7 * coalesce(attempts, 0))) AS stamps
       FROM runs LEFT JOIN run_details ON run_details.run_id = CAST(runs.run_id AS INTEGER)`,
    )
    .get();
  const numbers = (text: unknown) => Float64Array.from<number>(JSON.parse(String(text)));
  const [ids, stamps] = [numbers(row?.ids), numbers(row?.stamps)];
  if (ids.every((id, index) => index === 0 || id >= (ids[index - 1] ?? 0))) return [ids, stamps];
  // Rows of the original's databases are in any order.
  const order = Uint32Array.from(ids.keys()).sort((one, other) => (ids[one] ?? 0) - (ids[other] ?? 0));
  return [
    Float64Array.from(order, (index) => ids[index] ?? 0),
    Float64Array.from(order, (index) => stamps[index] ?? 0),
  ];
}

function labelsOf(database: DatabaseSync): string {
  const rows = database.prepare(
    `SELECT run_id, json_group_array(label) AS labels
     FROM (SELECT run_id, tag AS label FROM tags UNION ALL SELECT run_id, note FROM notes)
     GROUP BY run_id`,
  );
  return JSON.stringify(rows.all().map((row) => [integerIn(row, "run_id"), textOrNullIn(row, "labels")]));
}

function relabelledRuns(before: string, after: string): readonly number[] {
  const [old, now] = [before, after].map((text) => new Map<number, string>(JSON.parse(text)));
  const runIds = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])]);
  return [...runIds].filter((runId) => old?.get(runId) !== now?.get(runId));
}

/** Both lists of ids ascend. */
function differences(before: RunStates, after: RunStates): Pick<RunChanges, "changed" | "removed"> {
  const [changed, removed]: [number[], number[]] = [[], []];
  let old = 0;
  for (const [index, runId] of after.ids.entries()) {
    for (; (before.ids[old] ?? Infinity) < runId; old++) removed.push(before.ids[old] ?? 0);
    if (before.ids[old] !== runId) changed.push(runId);
    else if (before.stamps[old++] !== after.stamps[index]) changed.push(runId);
  }
  for (; old < before.ids.length; old++) removed.push(before.ids[old] ?? 0);
  return { changed, removed };
}
