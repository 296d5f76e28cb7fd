import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { exampleEpoch, exampleResult, exampleRun, leaseRun } from "../../test/store-conformance-examples.ts";
import { statusJson, statusText } from "../commands/status-text.ts";
import { openSqliteReader, openSqliteStore, type Store } from "../store/index.ts";
import { lastRuns, readStatus, type StatusReport } from "./status-report.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, "my results.db");
});

const experiment = { engineVersion: "1", machineJson: "{}" };
const run = exampleRun({ params: [["epochs", "10"]] });

async function withStore(use: (store: Store, experimentId: number) => Promise<void>): Promise<void> {
  const store = await openSqliteStore(path);
  const configuration = JSON.stringify({ file: "../my config.ini", folder, text: "" });
  await use(store, await store.createExperiment({ ...experiment, configuration }));
  await store.close();
}

async function statusOf(limit = 20): Promise<StatusReport> {
  const reader = await openSqliteReader(path);
  const report = await readStatus(reader, limit);
  await reader.close();
  return report;
}

const textOf = (report: StatusReport, verbose = false) => statusText(report, { verbose, columns: undefined });

describe("a database that an experiment writes to", () => {
  test("shows what is done, failed, running and pending", async () => {
    await withStore(async (store, experimentId) => {
      await store.addRuns(experimentId, [run, run, run, run]);
      await store.completeRun(await leaseRun(store, experimentId), { result: exampleResult });
      await store.failRun(await leaseRun(store, experimentId), "TypeError: \u001b[31mbad\n    at net.ts:7");
      const lease = await leaseRun(store, experimentId);
      await store.appendHistory(lease, [exampleEpoch(1), exampleEpoch(4)]);
      const report = await statusOf();
      expect(report).toMatchObject({
        state: "running",
        writer: { pid: process.pid, alive: true },
        done: [{ runId: 1, trainLoss: exampleResult.train_loss, durationSeconds: 1.5 }],
        failed: [{ runId: 2, message: "TypeError: \u001b[31mbad" }],
        running: [{ runId: 3, epoch: 4, epochs: 10, testLoss: Number.NaN }],
        others: [],
      });
      const left = report.running[0]?.secondsLeft ?? -1;
      expect(left).toBeGreaterThanOrEqual(0);
      expect(left).toBeLessThan(10);
      const text = textOf(report);
      expect(text).toMatch(
        /: running, process \d+ since \d\d:\d\d\n4 runs: 1 done, 1 failed, 1 running, 1 pending\n\nDone 1\n/,
      );
      expect(text).toMatch(/Error 1\n {2}run {2}error +pipeline\n.*\n {4}2 {2}TypeError: {2}\[31mbad {2}Mlp\(2\)\n/);
      expect(text).toMatch(/Running 1\n.*\n.*\n {4}3 {3}4\/10 {2}00:0\d {8}NaN {2}Mlp\(2\)\n\nPending 1$/);
      expect(text).not.toContain("at net.ts");
      expect(textOf(report, true)).toContain("  run 2  Mlp(2)\n    TypeError:  [31mbad\n        at net.ts:7");
      expect(JSON.parse(JSON.stringify(statusJson(report)))).toMatchObject({
        database: path,
        state: "running",
        counts: { done: 1, error: 1, running: 1, pending: 1 },
        done: [{ run_id: 1, "duration(s)": 1.5 }],
        error: [{ stack: "TypeError: \u001b[31mbad\n    at net.ts:7" }],
        running: [{ run_id: 3, epoch: 4, epochs: 10 }],
      });
    });
  });

  test("says since when a running run shows no progress", async () => {
    await withStore(async (store, experimentId) => {
      await store.addRuns(experimentId, [run]);
      const lease = await leaseRun(store, experimentId);
      const runningAfter = async (seconds: number) => {
        await store.heartbeat([{ ...lease, progressAt: new Date(Date.now() - 1000 * seconds) }]);
        return statusOf();
      };
      const lively = await runningAfter(50);
      expect(lively.running[0]?.silentSince).toBeNull();
      expect(textOf(lively)).not.toContain("no progress");
      const silent = await runningAfter(70);
      expect(textOf(silent)).toMatch(/\n {2}run 1 shows no progress since (\d{4}-\d\d-\d\d )?\d\d:\d\d$/);
      const { running } = JSON.parse(JSON.stringify(statusJson(silent)));
      expect(Date.now() - Date.parse(running[0].no_progress_since)).toBeGreaterThan(70_000);
    });
  });

  test("cuts long lists, to the last runs", async () => {
    await withStore(async (store, experimentId) => {
      await store.addRuns(experimentId, [run, run, run]);
      for (let done = 0; done < 3; done++)
        await store.completeRun(await leaseRun(store, experimentId), { result: exampleResult });
    });
    const report = await statusOf(2);
    expect(report.done.map(({ runId }) => runId)).toEqual([2, 3]);
    expect(textOf(report)).toContain("Done 3, the last 2; --all shows all");
    expect(lastRuns(report, 1).done.map(({ runId }) => runId)).toEqual([3]);
    expect(report.state).toBe("finished");
    expect(textOf(report)).toContain(": finished\n3 runs: 3 done\n");
    for (const line of statusText(report, { verbose: false, columns: 30 }).split("\n").slice(4))
      expect(line.length).toBeLessThanOrEqual(30);
  });

  test("says how to go on where it was stopped, and where it crashed", async () => {
    await withStore(async (store, experimentId) => {
      await store.addRuns(experimentId, [run, run]);
    });
    const advice = `All results so far are stored. To go on:\n  mosaic run '${join(folder, "my config.ini")}' '${path}' --continue`;
    const stopped = await statusOf();
    expect(stopped.state).toBe("stopped");
    expect(textOf(stopped)).toContain(`stopped before all runs were done\n2 runs: 2 pending\n${advice}`);
    await withStore(async (store, experimentId) => {
      await leaseRun(store, experimentId - 1);
    });
    const database = new DatabaseSync(path);
    database.exec("INSERT INTO writer_claim VALUES (99, 1, 7, 'long ago', 'elsewhere', 0, 0)");
    database.close();
    const crashed = await statusOf();
    expect(crashed).toMatchObject({ state: "crashed", running: [{ runId: 1, secondsLeft: null }] });
    expect(textOf(crashed)).toMatch(/crashed: process 7, which began 1970-01-01 \d\d:\d\d, is dead\n/);
    expect(textOf(crashed)).toContain(advice);
    expect(textOf(crashed)).toContain("Running when it ended 1");
  });

  test("is finished when it has no runs", async () => {
    await withStore(async () => undefined);
    expect(textOf(await statusOf())).toContain(": finished\n0 runs");
  });
});

test("shows the statuses of the original Mosaic as they are, and the last line of its errors", async () => {
  const original = new DatabaseSync(path);
  original.exec(`CREATE TABLE system (param_name, param_value); CREATE TABLE params (run_id, param_name, param_value);
    CREATE TABLE runs (run_id, status, pipeline, return_status);
    CREATE TABLE run_results (run_id, train_loss, test_loss, train_acc, test_acc, nb_params, "duration(s)", epochs);
    INSERT INTO runs VALUES (1, 'done', 'Mlp(2)', ''), (2, 'running', 'Mlp(3)', NULL),
      (3, 'system_failure', 'Mlp(4)', 'killed'), (4, 'error', 'Mlp' || char(10) || '(5)', 'Traceback (most recent call last):
  File "x.py", line 1
ValueError: bad

');
    INSERT INTO run_results VALUES (1, 0.5, 'NaN', 1, 1, 3, 2.5, 4)`);
  original.close();
  const report = await statusOf();
  expect(report).toMatchObject({
    state: "unknown",
    origin: undefined,
    done: [{ runId: 1, trainLoss: 0.5, testLoss: Number.NaN, durationSeconds: 2.5 }],
    failed: [{ message: "ValueError: bad" }],
    running: [{ runId: 2, epoch: 0, epochs: null, secondsLeft: null }],
    others: [{ runId: 3, status: "system_failure", message: "killed" }],
  });
  const text = textOf(report);
  expect(text).toContain("written by the original Mosaic, which does not say whether it is running");
  expect(text).toMatch(/Others 1\n.*\n.*\n {4}3 {2}system_failure {2}killed {3}Mlp\(4\)/);
  expect(text).toContain("ValueError: bad  Mlp (5)");
  expect(text).not.toContain("--continue");
});
