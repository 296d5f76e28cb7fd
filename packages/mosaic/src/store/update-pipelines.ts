import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Param, PipelineUpdate } from "./records.ts";
import { pipelineParam } from "./run-queries.ts";
import { textIn } from "./stored-value.ts";

/** Belongs into a transaction. Returns how many runs were updated. */
export function updatePipelinesIn(
  database: DatabaseSync,
  update: (pipelineJson: string) => PipelineUpdate | undefined,
): number {
  const pipeline = database.prepare("SELECT run_id, param_value FROM params WHERE rowid = ?");
  const setValue = database.prepare("UPDATE params SET param_value = ? WHERE rowid = ?");
  const rowsOf = database.prepare("SELECT rowid FROM params WHERE run_id = ? AND param_name = ? ORDER BY rowid");
  const add = database.prepare("INSERT INTO params (run_id, param_name, param_value) VALUES (?, ?, ?)");

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
  // All row ids first: a table must not be changed under a statement that reads it.
  for (const { rowid = null } of database
    .prepare("SELECT rowid FROM params WHERE param_name = ? ORDER BY rowid")
    .all(pipelineParam)) {
    const row = pipeline.get(rowid);
    const change = row === undefined ? undefined : update(textIn(row, "param_value"));
    if (row === undefined || change === undefined) continue;
    setValue.run(change.pipelineJson, rowid);
    setParams(row.run_id ?? null, change.params);
    updated++;
  }
  return updated;
}

function valuesByName(params: readonly Param[]): ReadonlyMap<string, readonly string[]> {
  const byName = new Map<string, string[]>();
  for (const [name, value] of params) byName.set(name, [...(byName.get(name) ?? []), value]);
  return byName;
}
