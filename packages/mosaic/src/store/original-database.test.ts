import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, describe, expect, test } from "vitest";
import {
  allRuns,
  exampleExperiment,
  exampleResult,
  exampleRun,
  leaseRun,
} from "../../test/store-conformance-examples.ts";
import { loadMigrations } from "./migrations.ts";
import { openSqliteReader, openSqliteStore } from "./open-sqlite-store.ts";
import { migrate } from "./schema.ts";
import type { StoreReader } from "./store.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, "the original's.db");
});

const pipeline =
  '[{"type": "mlp", "class": "Mlp", "path_to_class": "./mlp.py", "width": 2, "key": "k", "name": "BRICK"}]';

/** Makes what the original makes; `type` is given to every column, and the last columns of results may be missing. */
function makeOriginal(type: string, resultColumns: readonly string[]): void {
  const columns = (names: readonly string[]) => names.map((name) => `"${name}" ${type}`).join(", ");
  const database = new DatabaseSync(path);
  database.exec(`
    CREATE TABLE params (${columns(["run_id", "param_name", "param_value"])});
    CREATE TABLE run_results (${columns(resultColumns)});
    CREATE TABLE system (${columns(["param_name", "param_value"])});
    CREATE TABLE runs (${columns(["run_id", "status", "pipeline", "return_status"])});
    INSERT INTO system VALUES ('next_run_id', 13);
  `);
  for (let id = 1; id <= 12; id++) {
    const status = id === 2 ? "error" : id === 3 ? "running" : id === 12 ? "system_failure" : "done";
    const run = database.prepare("INSERT INTO runs VALUES (?, ?, ?, ?)");
    run.run(BigInt(id), status, "Mlp(2)", status === "done" ? "train_loss=1.000e-01" : "Traceback");
    const param = database.prepare("INSERT INTO params VALUES (?, ?, ?)");
    param.run(BigInt(id), "pipeline", pipeline);
    param.run(BigInt(id), "Mlp_width", 2n);
    param.run(BigInt(id), "lr", 0.01);
    const values = [BigInt(id), 0.5, "NaN", Infinity, null, 35n, 1.25, 50n, 0.1, 0.2, -0.3].slice(
      0,
      resultColumns.length,
    );
    const places = values.map(() => "?").join(", ");
    if (status === "done") database.prepare(`INSERT INTO run_results VALUES (${places})`).run(...values);
  }
  database.close();
}

const allResultColumns = [
  "run_id",
  "train_loss",
  "test_loss",
  "train_acc",
  "test_acc",
  "nb_params",
  "duration(s)",
  "epochs",
  "overfit",
  "trainability",
  "slope",
];

async function expectOriginal(store: StoreReader, withSlope: boolean): Promise<void> {
  const runs = await allRuns(store, { runIds: Array.from({ length: 12 }, (_, index) => index + 1), withHistory: true });
  expect(runs.map((run) => run.runId)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(runs.map((run) => run.status).slice(0, 4)).toEqual(["done", "error", "running", "done"]);
  expect(runs[11]).toMatchObject({ status: "system_failure", returnStatus: "Traceback", result: null });
  expect(runs[9]).toMatchObject({
    description: "Mlp(2)",
    pipeline: {
      modules: [
        { type: "mlp", className: "Mlp", path: "./mlp.py", key: "k", section: "BRICK", options: { width: "2" } },
      ],
      training: {},
    },
    params: [
      ["Mlp_width", "2"],
      ["lr", "0.01"],
    ],
    result: {
      train_loss: 0.5,
      test_loss: NaN,
      train_acc: Infinity,
      test_acc: null,
      nb_params: 35,
      "duration(s)": 1.25,
      epochs: 50,
      overfit: withSlope ? 0.1 : null,
      slope: withSlope ? -0.3 : null,
    },
    history: [],
    details: null,
  });
  expect((await store.system()).get("next_run_id")).toMatch(/^\d+$/);
}

describe.each([
  ["columns without types, as the original has them", "", 11],
  ["TEXT everywhere", "TEXT", 11],
  ["REAL everywhere", "REAL", 11],
  ["an early one without overfit, trainability and slope", "", 8],
])("a database of the original: %s", (_, type, resultColumnCount) => {
  beforeEach(() => makeOriginal(type, allResultColumns.slice(0, resultColumnCount)));
  const withSlope = resultColumnCount === 11;
  // A REAL column has no texts for whole numbers, so the parameters read otherwise.
  const comparable = type !== "REAL";

  test("a reader shows it and leaves it as it is", async () => {
    const before = readFileSync(path);
    const reader = await openSqliteReader(path);
    if (comparable) await expectOriginal(reader, withSlope);
    else expect((await allRuns(reader)).length).toBe(12);
    expect(await reader.countByStatus()).toEqual(
      new Map(Object.entries({ done: 9, error: 1, running: 1, system_failure: 1 })),
    );
    expect(await reader.runIds({ last: 3 })).toEqual([10, 11, 12]);
    expect(await reader.runIds({ status: "done", last: 2 })).toEqual([10, 11]);
    expect(await reader.experiments()).toEqual([]);
    expect(await reader.writer()).toBeUndefined();
    expect(await reader.findRuns(["identity"])).toEqual(new Map());
    await reader.close();
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  test("a writer adds its tables and goes on from the highest id; the old runs stay as they are", async () => {
    const store = await openSqliteStore(path);
    expect(store.recoveredRuns).toBe(0);
    if (comparable) await expectOriginal(store, withSlope);
    const experimentId = await store.createExperiment(exampleExperiment);
    expect(await store.addRuns(experimentId, [exampleRun(), exampleRun()])).toEqual({ firstRunId: 13, count: 2 });
    expect(Number((await store.system()).get("next_run_id"))).toBe(15);
    const lease = await leaseRun(store, experimentId);
    expect(lease).toMatchObject({ runId: 13, ...exampleRun() });
    await store.completeRun(lease, { result: exampleResult });
    await leaseRun(store, experimentId);
    await store.close();

    const again = await openSqliteStore(path);
    expect(again.recoveredRuns).toBe(1);
    if (comparable) await expectOriginal(again, withSlope);
    const [run] = await allRuns(again, { runIds: [13] });
    expect(run).toMatchObject({ status: "done", result: exampleResult, params: exampleRun().params });
    expect((await again.findRuns(["identity"])).get("identity")).toMatchObject([
      { runId: 13, status: "done", epochs: 2 },
      { runId: 14, status: "pending", epochs: null },
    ]);
    await expect(again.requeueRuns(experimentId, [2])).rejects.toMatchObject({ code: "STORE_RUN_STATE" });
    await again.close();
  });
});

describe.each(["original", "original-with-error"])("%s.db, which the original Mosaic wrote", (name) => {
  beforeEach(() => copyFileSync(join(import.meta.dirname, `../../fixtures/${name}.db`), path));

  test("reads the same before and after it is opened for writing", async () => {
    const reader = await openSqliteReader(path);
    const before = await allRuns(reader);
    expect(before.length).toBeGreaterThan(7);
    expect(before[0]?.result?.nb_params).toBe(29);
    await reader.close();
    const store = await openSqliteStore(path);
    expect(await allRuns(store)).toEqual(before);
    await store.close();
  });

  test("takes every later migration, also one that gives run_results a column", async () => {
    const migrations = [...(await loadMigrations()), "ALTER TABLE run_results ADD COLUMN best_test_loss REAL"];
    const database = new DatabaseSync(path);
    migrate(database, path, migrations);
    expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: migrations.length });
    expect(database.prepare("SELECT count(best_test_loss) AS n FROM run_results").get()).toEqual({ n: 0 });
    database.close();
  });
});
