import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exampleExperiment, exampleRun } from "../../test/store-conformance-examples.ts";
import { boundedRequest } from "./bounded-request.ts";
import { openSqliteReader, openSqliteStore } from "./open-sqlite-store.ts";
import { requestFrom } from "./sqlite-request.ts";
import type { StoreReader } from "./store.ts";

let folder: string;
let path: string;
let reader: StoreReader;

beforeEach(async () => {
  folder = temporaryFolder();
  path = join(folder, "or.db");
  const store = await openSqliteStore(path);
  await store.addRuns(await store.createExperiment(exampleExperiment), [exampleRun(), exampleRun(), exampleRun()]);
  await store.close();
  reader = await openSqliteReader(path);
});
afterEach(async () => {
  await reader.close();
});

const endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)";

describe("a request", () => {
  test.each([
    ["SELECT run_id FROM runs", [1, 2, 3]],
    ["  select run_id from runs where run_id > 1 ; -- the rest\n ; /* nothing */ ", [2, 3]],
    [
      "/* first */ WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 3) SELECT x FROM n",
      [1, 2, 3],
    ],
    ["VALUES (2), (1)", [2, 1]],
    ["SELECT value FROM json_each('[3]')", [3]],
    ["SELECT run_id, run_id FROM runs WHERE pipeline LIKE 'Mlp%' AND run_id = (SELECT max(run_id) FROM runs)", [3]],
    ["SELECT CAST(run_id AS TEXT) FROM runs WHERE run_id = 1", [1]],
    ["SELECT run_id FROM runs WHERE pipeline = ';'", []],
  ])("%s", async (sql, ids) => {
    expect(requestFrom(path, sql, 100)).toEqual(ids);
  });

  test.each([
    ["DROP TABLE runs", 'it starts with "DROP"'],
    ["ATTACH 'other.db' AS other", 'it starts with "ATTACH"'],
    ["PRAGMA user_version = 3", 'it starts with "PRAGMA"'],
    ["VACUUM INTO 'copy.db'", 'it starts with "VACUUM"'],
    ["INSERT INTO runs (run_id, status) VALUES (9, 'pending') RETURNING run_id", 'it starts with "INSERT"'],
    ["DELETE FROM runs RETURNING run_id", 'it starts with "DELETE"'],
    ["EXPLAIN SELECT run_id FROM runs", 'it starts with "EXPLAIN"'],
    [
      "WITH x AS (SELECT 9) INSERT INTO runs (run_id, status) SELECT 9, 'pending' RETURNING run_id",
      "INSERT is not allowed",
    ],
    ["WITH x AS (SELECT 1) DELETE FROM runs RETURNING run_id", "DELETE is not allowed"],
    ["WITH x AS (SELECT 1) UPDATE runs SET status = 'done' RETURNING run_id", "is not allowed"],
    ["SELECT load_extension('x')", "the function load_extension is not allowed"],
    ["SELECT LOAD_EXTENSION('x', 'y')", "is not allowed"],
    ["SELECT run_id FROM runs; DROP TABLE runs", "a second statement"],
    ["SELECT run_id FROM runs; -- comment\n SELECT 2", "a second statement"],
    ["SELECT run_id FROM runs; /* comment */ DROP TABLE runs", "a second statement"],
    ["(SELECT 1)", 'it starts with ""'],
    ["/* SELECT */ DROP TABLE runs", 'it starts with "DROP"'],
    ["SELECT run_id FROM runz", "no such table: runz"],
    ["SELECT run_id FRM runs", "syntax error"],
    ["SELECT pipeline FROM runs", 'its first column, pipeline, has "Mlp(2)"'],
    ["SELECT NULL", "has null, which is no run id"],
    ["SELECT 1.5", "has 1.5"],
    ["SELECT 9007199254740993", "has 9007199254740993, which is no run id"],
    ["SELECT -9223372036854775807", "has -9223372036854775807, which is no run id"],
    ["SELECT x'00'", "which is no run id"],
    ["SELECT zeroblob(100000)", "has 100 kB of bytes"],
    ["SELECT printf('%.100000c', 'x')", `has "${"x".repeat(60)}"…`],
    ["SELECT randomblob(2000000000)", "SQLite says: string or blob too big"],
    [`${endless} SELECT x FROM n`, "it gives more than 100 rows"],
    ["", "it is empty"],
    [" ; -- SELECT 1", "it is empty"],
  ])("%s is refused", async (sql, reason) => {
    const before = await readFile(path);
    const request = () => requestFrom(path, sql, 100);
    expect(request).toThrow(expect.objectContaining({ code: "STORE_REQUEST" }));
    expect(request).toThrow(reason);
    expect(request).toThrow("Write one SELECT");
    expect((await readFile(path)).equals(before)).toBe(true);
    expect(await readdir(folder)).toEqual(["or.db"]);
    expect(await reader.runIds()).toEqual([1, 2, 3]);
  });
});

describe("a request without end", () => {
  const bounds = { seconds: 30, memoryBytes: 400_000_000, rows: 100 };

  test("ends when its time is over", async () => {
    const request = boundedRequest(path, `${endless} SELECT max(x) FROM n`, { ...bounds, seconds: 0.2 });
    await expect(request).rejects.toMatchObject({ code: "STORE_REQUEST" });
    await expect(request).rejects.toThrow("it takes more than 0.2 seconds");
  });

  test.each(["SELECT length(randomblob(1000000000))", `${endless} SELECT x FROM n ORDER BY randomblob(1000)`])(
    "ends when its memory is full: %s",
    async (sql) => {
      const request = boundedRequest(path, sql, bounds);
      await expect(request).rejects.toMatchObject({ code: "STORE_REQUEST" });
      await expect(request).rejects.toThrow("it needs more than");
    },
  );
});
