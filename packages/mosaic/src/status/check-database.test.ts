import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, expect, test } from "vitest";
import { exampleEpoch, exampleResult, exampleRun, leaseRun } from "../../test/store-conformance-examples.ts";
import { claimFilesFolder } from "../run/files-owner.ts";
import { openRunFiles } from "../run/run-files.ts";
import { copyDatabase, openSqliteReader, openSqliteStore } from "../store/index.ts";
import { checkDatabase } from "./check-database.ts";

let folder: string;
let database: string;
const file = (name: string) => join(folder, ".runs", "a", name);

beforeEach(async () => {
  folder = temporaryFolder("mosaic check ");
  database = join(folder, "a.db");
  await mkdir(file(""), { recursive: true });
  const store = await openSqliteStore(database);
  const experimentId = await store.createExperiment({
    configuration: JSON.stringify({ file: "c.ini", folder }),
    engineVersion: "",
    machineJson: "{}",
  });
  await store.addRuns(experimentId, [exampleRun(), exampleRun({ repetition: 1 })]);
  for (const runId of [1, 2]) {
    const lease = await leaseRun(store, experimentId);
    await using files = await openRunFiles(file(""));
    await files.write("snapshot", (place) => writeFile(join(place, `${runId}.bin`), `${runId}`));
    const artifacts = await files.publish();
    await writeFile(file(`${runId}.log`), "");
    await store.completeRun(lease, {
      result: { ...exampleResult, test_f1: 0.5 },
      history: [exampleEpoch(1), exampleEpoch(2)],
      artifacts: [...artifacts, { kind: "log", path: `${runId}.log`, sizeBytes: 0 }],
    });
  }
  await store.close();
});

async function check(path = database) {
  const reader = await openSqliteReader(path);
  try {
    return await checkDatabase(reader);
  } finally {
    await reader.close();
  }
}

function alter(sql: string): void {
  const connection = new DatabaseSync(database);
  connection.exec(sql);
  connection.close();
}

const whole = { wholeResults: 2, uncheckedResults: 0, wholeFiles: 2, uncheckedFiles: 2, filesToDelete: 0, damage: [] };

test("finds nothing where nothing has changed", async () => {
  expect(await check()).toEqual(whole);
});

test.each([
  "UPDATE run_results SET test_loss = test_loss + 1e-16 WHERE run_id = 2",
  "UPDATE run_results SET overfit = NULL WHERE run_id = 2",
  "UPDATE run_metrics SET value = 0.25 WHERE run_id = 2",
  "UPDATE history SET train_loss = 0.75 WHERE run_id = 2 AND epoch = 2",
  "DELETE FROM history WHERE run_id = 2 AND epoch = 1",
  "UPDATE params SET param_value = '3' WHERE run_id = 2 AND param_name = 'Mlp_width'",
  "UPDATE run_details SET seed = 7 WHERE run_id = 2",
  "UPDATE runs SET pipeline = 'Mlp(3)' WHERE run_id = 2",
])("finds what was changed by %s", async (sql) => {
  alter(sql);
  expect(await check()).toEqual({
    ...whole,
    wholeResults: 1,
    damage: ["run 2: its options, result or history are not what was stored"],
  });
});

test("finds files that are missing, damaged or another run's", async () => {
  await copyFile(file("2.bin"), file("1.bin"));
  await rm(file("2.log"));
  expect(await check()).toMatchObject({
    damage: [`run 1: ${file("1.bin")} is not what was written`, `run 2: 2.log is missing in ${file("")}`],
  });
});

test("says of a copy where its own file is missing, and that the original has another", async () => {
  const runs = join(folder, ".runs");
  const store = await openSqliteStore(database);
  await store.setSystem("database_id", "one");
  await store.close();
  await claimFilesFolder(runs, database, "one");
  const copy = join(folder, "copy.db");
  await copyDatabase(database, copy);
  const copied = await openSqliteStore(copy);
  await copied.setSystem("database_id", "two");
  await copied.setSystem("copy_of", "one");
  await copied.close();
  const own = await claimFilesFolder(runs, copy, "two");
  await writeFile(join(own, "1.bin"), "1");
  await writeFile(file("1.bin"), "other");
  expect((await check(copy)).damage).toEqual([]);
  await writeFile(file("2.bin"), "other");
  expect((await check(copy)).damage).toEqual([`run 2: 2.bin is missing in ${own}; ${file("2.bin")} is another`]);
  await rm(file("2.bin"));
  expect((await check(copy)).damage).toEqual([`run 2: 2.bin is missing in ${own} and in ${join(runs, "a")}`]);
});

test("finds damaged pages", async () => {
  alter("CREATE INDEX more ON history (seconds); PRAGMA writable_schema = ON");
  const bytes = await readFile(database);
  // The last page is the new index's.
  bytes.fill(0, bytes.length - 4000);
  await writeFile(database, bytes);
  expect((await check()).damage[0]).toMatch(/^the database file: /);
});

test("does not call changed what rekey has changed, nor unchecked what is trained further and done again", async () => {
  const store = await openSqliteStore(database);
  await store.updateKeys(() => ["other"]);
  expect((await checkDatabase(store)).damage).toEqual([]);
  const experimentId = await store.createExperiment({ configuration: "{}", engineVersion: "", machineJson: "{}" });
  await store.continueRuns(experimentId, [{ runId: 1, epochs: 3 }]);
  await store.completeRun(await leaseRun(store, experimentId), { result: exampleResult, history: [exampleEpoch(3)] });
  expect(await store.checkResult(1)).toBe("whole");
  await store.close();
});

test.each([
  ["error", "UPDATE runs SET return_status = 'Error: another' WHERE run_id = 3"],
  ["options", "UPDATE params SET param_value = '3' WHERE run_id = 3 AND param_name = 'Mlp_width'"],
  ["history", "UPDATE history SET train_loss = 0.75 WHERE run_id = 3"],
])("finds a changed %s of a failed run, until it is trained again", async (_, sql) => {
  const store = await openSqliteStore(database);
  const experimentId = await store.createExperiment({ configuration: "{}", engineVersion: "", machineJson: "{}" });
  await store.addRuns(experimentId, [exampleRun({ repetition: 2 })]);
  const lease = await leaseRun(store, experimentId);
  await store.appendHistory(lease, [exampleEpoch(1)]);
  await store.failRun(lease, "Error: it failed");
  expect(await checkDatabase(store)).toEqual({ ...whole, wholeResults: 3 });
  alter(sql);
  expect(await checkDatabase(store)).toEqual({
    ...whole,
    damage: ["run 3: its options, error or history are not what was stored"],
  });
  await store.requeueRuns(experimentId, [3]);
  await store.completeRun(await leaseRun(store, experimentId), { result: exampleResult });
  expect((await checkDatabase(store)).damage).toEqual([]);
  await store.close();
});

test("leaves runs from before unchecked", async () => {
  alter("DELETE FROM run_digests; UPDATE artifacts SET sha256 = NULL");
  expect(await check()).toEqual({ ...whole, wholeResults: 0, uncheckedResults: 2, wholeFiles: 0, uncheckedFiles: 4 });
});
