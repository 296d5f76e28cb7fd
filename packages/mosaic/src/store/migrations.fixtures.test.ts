/**
 * Databases as earlier versions of the program left them: `fixtures/schema-<n>.db`, each written by `mosaic run` of its
 * time (the tutorial's brick with two widths, and one run that failed) before migration n + 1 existed.
 */

import { copyFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, expect, test } from "vitest";
import { loadMigrations } from "./migrations.ts";
import { openSqliteReader, openSqliteStore } from "./open-sqlite-store.ts";
import type { StoreReader } from "./store.ts";

const fixtures = join(import.meta.dirname, "../../fixtures");
let folder: string;
let database: string;

beforeEach(() => {
  folder = temporaryFolder();
  database = join(folder, "old.db");
});

const versions = (await readdir(fixtures))
  .map((name) => Number(/^schema-(\d+)\.db$/.exec(name)?.[1]))
  .filter(Boolean)
  .sort((a, b) => a - b);

test("has a database of every schema", async () => {
  expect(versions).toEqual((await loadMigrations()).map((_, index) => index + 1));
});

async function expectOldRuns(reader: StoreReader): Promise<void> {
  const runs = await Array.fromAsync(reader.runs({ withHistory: true }));
  expect(runs.map(({ status, description }) => [status, description])).toEqual([
    ["done", "DatasetOr(4,20,0.8) | MlpBrick(2,2)"],
    ["done", "DatasetOr(4,20,0.8) | MlpBrick(2,3)"],
    ["error", "DatasetOr(4,20,0.8) | MlpBrick(-1,2)"],
  ]);
  expect(runs[1]?.result).toMatchObject({ nb_params: 25, epochs: 2 });
  expect(runs[1]?.history.map(({ epoch }) => epoch)).toEqual([1, 2]);
  expect(runs[1]?.params).toContainEqual(["MlpBrick_width", "3"]);
  expect(runs[2]?.returnStatus).toContain("RangeError: Invalid array length");
  expect((await reader.artifacts(2)).map(({ kind }) => kind).sort()).toEqual([
    "info",
    "log",
    "model",
    "onnx",
    "snapshot",
  ]);
  expect(await reader.experiments()).not.toEqual([]);
}

test.each(versions)("opens a database of schema %i for reading and for writing, and goes on in it", async (version) => {
  await copyFile(join(fixtures, `schema-${version}.db`), database);
  const reader = await openSqliteReader(database);
  await expectOldRuns(reader);
  await reader.close();
  await copyFile(join(fixtures, `schema-${version}.db`), database);
  const store = await openSqliteStore(database, { create: false });
  try {
    await expectOldRuns(store);
    const experiment = await store.createExperiment({ configuration: "{}", engineVersion: "", machineJson: "{}" });
    await store.continueRuns(experiment, [{ runId: 2, epochs: 4 }]);
    await store.requeueRuns(experiment, [3]);
    expect(await store.leaseNextRun(experiment, "worker")).toMatchObject({
      runId: 2,
      resumeEpoch: 2,
      fromSnapshot: true,
    });
    expect((await store.earlierResults(2)).map(({ result }) => result.epochs)).toEqual([2]);
    const added = await store.addRuns(experiment, [
      { pipeline: { modules: [], training: {} }, description: "", params: [], repetition: 0, identity: "", seed: 0 },
    ]);
    expect(added.firstRunId).toBe(4);
  } finally {
    await store.close();
  }
});

test("reads the metrics of a database of schema 3, as of one without any", async () => {
  const summariesOf = async (version: number) => {
    await copyFile(join(fixtures, `schema-${version}.db`), database);
    const reader = await openSqliteReader(database);
    const [run] = await Array.fromAsync(reader.runs({ withHistory: true }));
    const summaries = await reader.metricSummaries();
    await reader.close();
    return { run, summaries };
  };
  const { run, summaries } = await summariesOf(3);
  expect(summaries).toEqual([
    { name: "test_accuracy", direction: "higher" },
    { name: "test_mean_absolute_error", direction: "lower" },
    { name: "train_accuracy", direction: "higher" },
    { name: "train_mean_absolute_error", direction: "lower" },
  ]);
  const last = run?.history.at(-1);
  expect(last?.metrics.accuracy).toBe(1);
  expect(run?.result).toMatchObject({ test_accuracy: 1, train_accuracy: last?.trainMetrics?.accuracy });
  const without = await summariesOf(2);
  expect(without.summaries).toEqual([]);
  expect(without.run?.history.map(({ metrics }) => metrics)).toEqual([{}, {}, {}, {}]);
});

test("refuses a database of a schema that is newer than the program", async () => {
  await copyFile(join(fixtures, `schema-${versions.at(-1)}.db`), database);
  const newer = new DatabaseSync(database);
  newer.exec(`PRAGMA user_version = ${versions.length + 1}`);
  newer.close();
  const message = `old.db has schema ${versions.length + 1}, this program knows schemas up to ${versions.length}; update ml-mosaic`;
  await expect(openSqliteReader(database)).rejects.toThrow(message);
  await expect(openSqliteStore(database)).rejects.toThrow(message);
  expect(await readdir(folder)).toEqual(["old.db"]);
});
