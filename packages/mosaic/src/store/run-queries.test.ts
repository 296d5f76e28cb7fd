import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { openSqliteReader } from "./open-sqlite-store.ts";

/** As the original makes it, but for the table of runs. */
function databaseOf(table: string, rows: string): string {
  const path = join(temporaryFolder(), "runs.db");
  const database = new DatabaseSync(path);
  database.exec(`
    CREATE TABLE params (run_id, param_name, param_value);
    CREATE TABLE run_results (run_id, train_loss, test_loss, train_acc, test_acc, nb_params, "duration(s)", epochs, overfit, trainability, slope);
    CREATE TABLE system (param_name, param_value);
    CREATE TABLE runs (${table});
    INSERT INTO runs (run_id, status) VALUES ${rows};
  `);
  database.close();
  return path;
}

const others = "status, pipeline, return_status";

test.each([
  ["a key", `run_id INTEGER PRIMARY KEY, ${others}`, "(9, 'done'), (100, 'done'), (10, 'error')"],
  [
    "whole numbers, one of them twice",
    `run_id INTEGER, ${others}`,
    "(9, 'done'), (100, 'done'), (10, 'error'), (100, 'done')",
  ],
  ["texts", `run_id TEXT PRIMARY KEY, ${others}`, "('9', 'done'), ('100', 'done'), ('10', 'error')"],
  [
    "a part of a key, one of them twice",
    `run_id INTEGER, ${others}, PRIMARY KEY (run_id, status)`,
    "(9, 'done'), (100, 'done'), (10, 'error'), (100, 'error')",
  ],
])("the last runs are those with the largest ids, each once, where these are %s", async (_, table, rows) => {
  const path = databaseOf(table, rows);
  const reader = await openSqliteReader(path);
  expect(await reader.runIds({ last: 2 })).toEqual([10, 100]);
  expect(await reader.runIds({ last: 2, status: "done" })).toEqual([9, 100]);
  await reader.close();
});
