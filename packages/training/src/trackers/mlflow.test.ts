import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MlflowServer } from "../../test/mlflow-server.ts";
import type { EpochRecord } from "../history.ts";
import { BaseTracker } from "./base-tracker.ts";
import { MlflowClient } from "./mlflow-client.ts";
import "./mlflow.ts";

let folder: string;
let server: MlflowServer;
let warnings: string[];
beforeEach(async () => {
  folder = temporaryFolder();
  server = new MlflowServer();
  warnings = [];
  await server.open();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

const epoch = (number: number, metrics: EpochRecord["metrics"] = {}): EpochRecord => ({
  epoch: number,
  lr: 0.1,
  trainLoss: 1 / number,
  validLoss: 2 / number,
  metrics,
  seconds: 1,
});

function tracker(options: Readonly<Record<string, unknown>> = {}): BaseTracker {
  return BaseTracker.fromConfig({ type: "mlflow", uri: server.uri, ...options });
}

function run(more: { readonly epochsDone?: number; readonly earlier?: readonly EpochRecord[] } = {}) {
  const config = {
    trainer: { optimizer: { lr: 0.1 }, metrics: [{ type: "dice" }], scheduler: null, "odd*name": "x".repeat(400) },
  };
  const warn = (message: string) => void warnings.push(message);
  return { runName: "first", folder, config, epochsDone: 0, earlier: [], warn, ...more };
}

const onlyRun = () => {
  const [found, ...others] = server.runs.values();
  expect(others).toEqual([]);
  if (found === undefined) throw new Error("there is no run");
  return found;
};
const steps = (key: string) => onlyRun().metrics.flatMap((metric) => (metric.key === key ? [metric.step] : []));

test("tells the server of run, parameters, epochs and end", async () => {
  const mlflow = tracker({ experiment: "filaments & more" });
  await mlflow.start(run());
  await mlflow.epoch(epoch(1, { dice: 0.5 }));
  await mlflow.epoch(epoch(2, { dice: Number.NaN }));
  await mlflow.end({ status: "finished", test: { snapshot: "best", epoch: 1, loss: 0.25, metrics: { dice: 0.75 } } });
  expect(warnings).toEqual([]);
  const found = onlyRun();
  expect(found).toMatchObject({ experiment: server.experiments.get("filaments & more"), run_name: "first" });
  expect(found.status).toBe("FINISHED");
  expect(found.end_time).toBeGreaterThanOrEqual(found.start_time);
  expect(Object.fromEntries(found.tags)).toEqual({ "mlflow.runName": "first" });
  expect(Object.fromEntries(found.params)).toEqual({
    "trainer.optimizer.lr": "0.1",
    "trainer.metrics.0.type": "dice",
    "trainer.scheduler": "",
    "trainer.odd_name": "x".repeat(250),
  });
  expect(found.metrics.map(({ timestamp, ...metric }) => metric)).toEqual([
    { key: "lr", value: 0.1, step: 1 },
    { key: "train_loss", value: 1, step: 1 },
    { key: "valid_loss", value: 2, step: 1 },
    { key: "valid_dice", value: 0.5, step: 1 },
    { key: "seconds", value: 1, step: 1 },
    { key: "lr", value: 0.1, step: 2 },
    { key: "train_loss", value: 0.5, step: 2 },
    { key: "valid_loss", value: 1, step: 2 },
    { key: "valid_dice", value: "NaN", step: 2 },
    { key: "seconds", value: 1, step: 2 },
    { key: "test_loss", value: 0.25, step: 1 },
    { key: "test_dice", value: 0.75, step: 1 },
  ]);
});

test("a run that goes on is the same run there, and no epoch is told twice", async () => {
  const first = tracker();
  await first.start(run());
  await first.epoch(epoch(1));
  await first.epoch(epoch(2));
  await first.end({ status: "paused" });
  expect(onlyRun().status).toBe("KILLED");
  // It was killed after epoch 2 had been told, and goes on from epoch 1.
  const second = tracker();
  await second.start(run({ epochsDone: 1, earlier: [epoch(1)] }));
  await second.epoch(epoch(2));
  await second.epoch(epoch(3));
  await vi.waitFor(() => expect(onlyRun().status).toBe("RUNNING"));
  await second.end({ status: "failed" });
  expect(onlyRun().status).toBe("FAILED");
  expect(steps("train_loss")).toEqual([1, 2, 3]);
  expect(warnings).toEqual([]);
});

describe("a server that is away", () => {
  test("stops nothing, is warned of once, and gets all when the run goes on", async () => {
    const { port } = server;
    await server.close();
    const first = tracker({ uri: `http://127.0.0.1:${port}` });
    const begin = performance.now();
    await first.start(run());
    for (const number of [1, 2, 3]) await first.epoch(epoch(number));
    const inTraining = performance.now() - begin;
    await first.end({ status: "finished" });
    // Only the end waits for the server to come back, as long as it is asked again.
    expect(inTraining).toBeLessThan((performance.now() - begin) / 2);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^MLflow at http:.*: fetch failed \(.*ECONNREFUSED.*\)\. Training goes on; logs_train/);

    await server.open(port);
    const second = tracker();
    await second.start(run({ epochsDone: 3, earlier: [1, 2, 3].map((number) => epoch(number)) }));
    await second.end({ status: "finished" });
    expect(steps("valid_loss")).toEqual([1, 2, 3]);
    expect(onlyRun().status).toBe("FINISHED");
    expect(warnings).toHaveLength(1);
  });

  test("for a moment only is asked again", async () => {
    server.broken = 503;
    const mlflow = tracker();
    await mlflow.start(run());
    await mlflow.epoch(epoch(1));
    await vi.waitFor(() => expect(server.requests.length).toBeGreaterThan(0));
    server.broken = undefined;
    await mlflow.end({ status: "finished" });
    expect(steps("lr")).toEqual([1]);
    expect(onlyRun().params.size).toBe(4);
    expect(warnings).toEqual([]);
  });
});

test("what the server refuses is a warning with its own words", async () => {
  await writeFile(join(folder, "mlflow.json"), JSON.stringify({ uri: server.uri, runId: "gone", epoch: 2 }));
  const mlflow = tracker();
  await mlflow.start(run({ epochsDone: 2 }));
  await mlflow.epoch(epoch(3));
  await mlflow.end({ status: "finished" });
  expect(warnings).toEqual([
    `MLflow at ${server.uri}: runs/update was refused: RESOURCE_DOES_NOT_EXIST: Run 'gone' not found. Training goes on; logs_train.csv has all figures.`,
  ]);
});

test("what is no MLflow server is said to be none", async () => {
  const mlflow = tracker({ uri: `${server.uri}/elsewhere` });
  await mlflow.start(run());
  await mlflow.end({ status: "finished" });
  expect(warnings.join()).toContain("experiments/get-by-name was refused: ENDPOINT_NOT_FOUND");
});

describe("the server's address", () => {
  test("is taken from the environment", async () => {
    vi.stubEnv("MLFLOW_TRACKING_URI", `${server.uri}/`);
    vi.stubEnv("MLFLOW_TRACKING_USERNAME", "ada");
    vi.stubEnv("MLFLOW_TRACKING_PASSWORD", "analytical");
    const mlflow = BaseTracker.fromConfig({ type: "mlflow" });
    await mlflow.start(run());
    await mlflow.end({ status: "finished" });
    expect(onlyRun().status).toBe("FINISHED");
    const expected = `Basic ${Buffer.from("ada:analytical").toString("base64")}`;
    expect(server.requests.every(({ headers }) => headers.authorization === expected)).toBe(true);
    expect(JSON.parse(await readFile(join(folder, "mlflow.json"), "utf8"))).toMatchObject({ uri: `${server.uri}/` });
  });

  test("is missing or of another kind: an error before anything runs", () => {
    vi.stubEnv("MLFLOW_TRACKING_URI", undefined);
    expect(() => BaseTracker.fromConfig({ type: "mlflow" })).toThrow(
      "uri: missing, and the environment has no MLFLOW_TRACKING_URI",
    );
    vi.stubEnv("MLFLOW_TRACKING_URI", "sqlite:///runs.db");
    expect(() => BaseTracker.fromConfig({ type: "mlflow" })).toThrow(
      'uri: "sqlite:///runs.db" does not begin with http:// or https://',
    );
  });
});

test("large batches are cut to what a request may hold", async () => {
  const client = new MlflowClient(server.uri, { MLFLOW_TRACKING_TOKEN: "secret" });
  const id = await client.createRun("0", "large", 1);
  const metrics = Array.from({ length: 2300 }, (_, step) => ({ key: "m", value: step, timestamp: 1, step }));
  await client.logMetrics(id, metrics);
  await client.logParams(
    id,
    Array.from({ length: 250 }, (_, index) => ({ key: `p${index}`, value: "1" })),
  );
  expect(server.runs.get(id)?.metrics).toEqual(metrics);
  expect(server.runs.get(id)?.params.size).toBe(250);
  expect(server.requests.at(-1)?.headers.authorization).toBe("Bearer secret");
});
