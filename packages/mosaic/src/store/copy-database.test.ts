import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, expect, test } from "vitest";
import {
  allRuns,
  exampleEpoch,
  exampleExperiment,
  exampleResult,
  exampleRun,
  leaseRun,
} from "../../test/store-conformance-examples.ts";
import { copyDatabase } from "./copy-database.ts";
import { openSqliteReader, openSqliteStore } from "./open-sqlite-store.ts";

let folder: string;
let path: string;
let copy: string;

beforeEach(() => {
  folder = temporaryFolder("mosaic copy ");
  path = join(folder, "it's or 🧩.db");
  copy = join(folder, "the 'copy'.db");
});

test("a copy is whole while another process writes, every time", async () => {
  const program = fileURLToPath(new URL("../../test/store-test-process.ts", import.meta.url));
  const args = ["--disable-warning=ExperimentalWarning", program, "write", path, "100000"];
  const writer = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await once(writer.stdout, "data");
    writer.stdout.resume();
    let done = 0;
    for (let round = 0; round < 3; round++) {
      const target = `${copy}${round}`;
      await copyDatabase(path, target);
      const reader = await openSqliteReader(target);
      const counts = await reader.countByStatus();
      expect([...counts.values()].reduce((sum, count) => sum + count)).toBe(100_000);
      expect(counts.get("done") ?? 0).toBeGreaterThanOrEqual(done);
      done = counts.get("done") ?? 0;
      expect(counts.get("running")).toBeUndefined();
      expect(await reader.writer()).toBeUndefined();
      for (const run of await allRuns(reader, { status: "done", last: 50, withHistory: true }))
        expect(run).toMatchObject({
          result: { ...exampleResult, nb_params: run.runId },
          history: [exampleEpoch(1)],
        });
      await reader.close();
      const database = new DatabaseSync(target, { readOnly: true });
      expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
      database.close();
    }
    expect(done).toBeGreaterThan(0);
    expect(writer.exitCode).toBeNull();
  } finally {
    writer.kill("SIGKILL");
    await once(writer, "exit");
  }
});

test("what runs in the original is pending in the copy, which is written to at once", async () => {
  const store = await openSqliteStore(path);
  const experimentId = await store.createExperiment(exampleExperiment);
  await store.addRuns(experimentId, [exampleRun(), exampleRun()]);
  const lease = await leaseRun(store, experimentId);
  await copyDatabase(path, copy);
  expect(await readdir(folder)).not.toContain("the 'copy'.db-wal");
  const other = await openSqliteStore(copy);
  expect((await allRuns(other)).map(({ status }) => status)).toEqual(["pending", "pending"]);
  await other.completeRun(await leaseRun(other, experimentId), { result: exampleResult });
  await other.close();
  // The original does not notice.
  await store.completeRun(lease, { result: exampleResult });
  await store.close();
});

test("a database of the original Mosaic is copied as it is", async () => {
  const original = new DatabaseSync(path);
  original.exec(`CREATE TABLE system (param_name, param_value); CREATE TABLE params (run_id, param_name, param_value);
    CREATE TABLE runs (run_id, status, pipeline, return_status); CREATE TABLE run_results (run_id, train_loss, test_loss);
    INSERT INTO runs VALUES (1, 'running', 'Mlp(2)', NULL)`);
  original.close();
  await copyDatabase(path, copy);
  const reader = await openSqliteReader(copy);
  expect((await allRuns(reader)).map(({ status }) => status)).toEqual(["running"]);
  await reader.close();
});

test.each([
  ["nothing", async () => undefined, "STORE_MISSING"],
  ["an empty file", () => writeFile(path, ""), "STORE_MISSING"],
  ["a text", () => writeFile(path, "hello"), "STORE_NOT_A_DATABASE"],
  ["half a database", halfADatabase, "STORE_CORRUPT"],
])("%s is no source, and leaves no file", async (_, make, code) => {
  await make();
  await expect(copyDatabase(path, copy)).rejects.toMatchObject({ code });
  expect((await readdir(folder)).filter((name) => name.startsWith("the"))).toEqual([]);
});

async function halfADatabase(): Promise<void> {
  const store = await openSqliteStore(path);
  const runs = Array.from({ length: 200 }, () => exampleRun());
  await store.addRuns(await store.createExperiment(exampleExperiment), runs);
  await store.close();
  await truncate(path, 40_960);
}
