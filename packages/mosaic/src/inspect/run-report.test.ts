import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, expect, test } from "vitest";
import { exampleEpoch, exampleResult, exampleRun, leaseRun } from "../../test/store-conformance-examples.ts";
import { showJson, showText } from "../commands/show-text.ts";
import { openSqliteReader, openSqliteStore } from "../store/index.ts";
import { type RunReport, readRunReport } from "./run-report.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = temporaryFolder("mosaic show ");
  path = join(folder, "or.db");
});

async function reportOf(runId: number): Promise<RunReport> {
  const reader = await openSqliteReader(path);
  try {
    return await readRunReport(reader, runId);
  } finally {
    await reader.close();
  }
}

const brick = {
  type: "mlp",
  className: "Mlp",
  path: "./mlp.ts",
  key: "k_2",
  section: "BRICK",
  options: { width: "2" },
};
const pipeline = { modules: [brick], training: { lr: "1e-2" } };

test("tells everything about a run", async () => {
  const store = await openSqliteStore(path);
  const experimentId = await store.createExperiment({
    configuration: JSON.stringify({ file: "old/../config.ini", folder, text: "" }),
    engineVersion: "ml-mosaic 1",
    machineJson: '{"host": "here", "cores": 2}',
  });
  const params = Object.entries({ Mlp_width: "2", mlp_key: "k_2", lr: "1e-2", run_files_path: "my files" });
  await store.addRuns(experimentId, [exampleRun({ pipeline, params }), exampleRun(), exampleRun()]);
  const artifacts = [
    { kind: "log", path: "output_1.log", sizeBytes: 12 },
    { kind: "model", path: "model.safetensors", sizeBytes: 1_234_567 },
  ];
  const history = [1, 2, 3].map((epoch) => ({ ...exampleEpoch(epoch), validLoss: epoch === 3 ? Number.NaN : 0.5 }));
  await store.completeRun(await leaseRun(store, experimentId), { result: exampleResult, history, artifacts });
  await store.failRun(await leaseRun(store, experimentId), "TypeError: bad\n\tat net.ts:7\u001b[2J");
  await store.close();
  await mkdir(join(folder, "my files", "or"), { recursive: true });
  const log = Array.from({ length: 5000 }, (_, line) => `line ${line}`).join("\n");
  await writeFile(join(folder, "my files", "or", "output_1.log"), `${log}\n`);

  const report = await reportOf(1);
  expect(report).toMatchObject({
    filesFolder: join(folder, "my files", "or"),
    files: [
      { path: "model.safetensors", isMissing: true },
      { path: "output_1.log", isMissing: false },
    ],
    run: { pipeline },
    origin: { configurationFile: join(folder, "config.ini"), machine: { host: "here", cores: "2" } },
  });
  expect(report.logTail).toEqual(Array.from({ length: 10 }, (_, line) => `line ${4990 + line}`));
  const text = showText(report);
  for (const part of [
    /^Run 1: done\nMlp\(2\)\n/,
    /\nPipeline\n {2}mlp: Mlp {2}\(\.\/mlp\.ts\)\n {4}width {2}2\n {4}key {4}k_2\n\nTraining options\n {2}lr {14}1e-2\n/,
    /\nResults\n {2}train_loss {4}0\.1\n.*test_acc {6}-\n/s,
    /\nLoss\n {5,}1 ┤○/,
    /\n {2}Not finite from epoch 3 on\.\n/,
    /\n {2}model\.safetensors {2}model {2} +1\.23 MB {2}missing\n {2}output_1\.log +log +12 bytes\n/,
    /\nEnd of the log\n {2}line 4990\n/,
    /\n {2}engine {9}ml-mosaic 1\n {2}host {11}here\n {2}cores {10}2$/,
  ])
    expect(text).toMatch(part);
  expect(JSON.parse(JSON.stringify(showJson(report, path)))).toMatchObject({
    run_id: 1,
    status: "done",
    pipeline: [
      { type: "mlp", class: "Mlp", path_to_class: "./mlp.ts", width: "2", key: "k_2", name: "BRICK" },
      { type: "process", lr: "1e-2", name: "PROCESS" },
    ],
    params: { Mlp_width: "2", lr: "1e-2" },
    results: { "duration(s)": 1.5, epochs: 2 },
    history: [{ epoch: 1 }, { epoch: 2 }, { epoch: 3 }],
    files: [{ missing: true }, { missing: false }],
    environment: { engine: "ml-mosaic 1", machine: { host: "here" } },
  });

  const failed = showText(await reportOf(2));
  expect(failed).toContain("\nError\n  TypeError: bad\n    at net.ts:7 [2J\n");
  expect(failed).not.toMatch(/\nResults|\nLoss|\nFiles|\nEnd of/);
  expect(showText(await reportOf(3))).toMatch(/^Run 3: pending\n/);
  await expect(reportOf(9)).rejects.toThrow("there is no run 9; the database has runs 1 to 3");
});

test("shows what a database of the original Mosaic has", async () => {
  const original = new DatabaseSync(path);
  original.exec(`CREATE TABLE system (param_name, param_value); CREATE TABLE params (run_id, param_name, param_value);
    CREATE TABLE runs (run_id, status, pipeline, return_status); CREATE TABLE run_results (run_id, train_loss, test_loss);
    INSERT INTO runs VALUES (1, 'done', 'Mlp(2)', ''), (2, 'odd', '', '');
    INSERT INTO params VALUES (1, 'lr', 0.01), (2, 'pipeline', '{"no": "list"}'), (1, 'pipeline',
      '[{"type": "mlp", "class": "Mlp", "path_to_class": "mlp.py", "width": 2, "key": "k"}]');
    INSERT INTO run_results VALUES (1, 0.5, 'NaN')`);
  original.close();
  const text = showText(await reportOf(1));
  expect(text).toContain("mlp: Mlp  (mlp.py)\n    width  2\n    key    k\n\nTraining options\n  lr  0.01\n");
  expect(text).toContain("train_loss    0.5\n  test_loss     NaN\n");
  expect(text).toContain("Environment\n  written by the original Mosaic");
  expect(showText(await reportOf(2))).toBe("Run 2: odd\n\n\nEnvironment\n  written by the original Mosaic");
});
