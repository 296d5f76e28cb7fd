import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { keyParam, readPipeline, withKeys } from "../pipelines/flat-pipeline.ts";
import type { Param } from "./records.ts";
import { pipelineParam } from "./run-queries.ts";
import type { KeysOf } from "./store.ts";
import { type Row, textIn } from "./stored-value.ts";

/**
 * Belongs into a transaction. Returns how many runs were updated.
 *
 * @param around what each update of a run is done by
 */
export function updateKeysIn(
  database: DatabaseSync,
  keysOf: KeysOf,
  around: (runId: number, update: () => void) => void,
): number {
  const stored = database.prepare("SELECT run_id, param_value FROM params WHERE rowid = ?");
  const setValue = database.prepare("UPDATE params SET param_value = ? WHERE rowid = ?");
  const rowsOf = database.prepare("SELECT rowid FROM params WHERE run_id = ? AND param_name = ? ORDER BY rowid");
  const add = database.prepare("INSERT INTO params (run_id, param_name, param_value) VALUES (?, ?, ?)");

  // Where a name occurs several times its values go to its rows in order; a row that is missing is added.
  const setParams = (runId: SQLInputValue, params: readonly Param[]) => {
    for (const [name, values] of valuesByName(params)) {
      const rows = rowsOf.all(runId, name);
      values.forEach((value, index) => {
        const row = rows[index];
        if (row === undefined) add.run(runId, name, value);
        else setValue.run(value, row.rowid ?? null);
      });
    }
  };

  let updated = 0;
  for (const rowid of pipelineRows(database)) {
    const { run_id: runId = null, ...row } = stored.get(rowid) ?? {};
    const json = textIn(row, "param_value");
    const pipeline = readPipeline(json);
    const keys = keysOf(pipeline);
    if (pipeline === undefined || keys === undefined) continue;
    const rekeyed = pipeline.modules.map((module, index) => keyParam({ ...module, key: keys[index] ?? module.key }));
    around(Number(runId), () => {
      setValue.run(withKeys(json, keys), rowid);
      setParams(runId, rekeyed);
    });
    updated++;
  }
  return updated;
}

/** A page at a time: a table must not be changed under a statement that reads it, and there may be a million. */
function* pipelineRows(database: DatabaseSync): Generator<SQLInputValue, void, void> {
  const next = database.prepare(
    `SELECT rowid FROM params WHERE param_name = ? AND rowid > ? ORDER BY rowid LIMIT ${pageRows}`,
  );
  let last: SQLInputValue = 0;
  let page: readonly Row[];
  do {
    page = next.all(pipelineParam, last);
    for (const { rowid = null } of page) {
      yield rowid;
      last = rowid;
    }
  } while (page.length === pageRows);
}

const pageRows = 1000;

function valuesByName(params: readonly Param[]): ReadonlyMap<string, readonly string[]> {
  const byName = new Map<string, string[]>();
  for (const [name, value] of params) byName.set(name, [...(byName.get(name) ?? []), value]);
  return byName;
}
