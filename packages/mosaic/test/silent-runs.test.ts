/**
 * Runs that come no further: their module computes without end, waits without end, or was stopped. The tests wait for limits
 * to pass, and do so at the same time.
 */
import { until } from "@ml-mosaic/testing";
import { describe, expect, type TestContext, test } from "vitest";
import { childrenOf, config, data, dataModule, net, netModule, type Options, openWorkspace } from "./workspace.ts";

const silentModule = `${netModule}
/** Is in a call that does not end, where the supervisor cannot break it off. */
export class Endless extends Net {
  override forward(data: Tensor): Tensor {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    return data;
  }
}
/** Waits for what never comes. */
export class Unsettled extends Net {
  override async saveModel() { await new Promise((resolve) => setTimeout(resolve, 2 ** 30)); }
}
/** Takes its time, and ends. */
export class Slow extends Net {
  override async saveModel(path: string) { await new Promise((resolve) => setTimeout(resolve, 1500)); return super.saveModel(path); }
}
`;

/** A folder whose network modules are some of these. */
async function open(
  { onTestFinished }: TestContext,
  names: readonly string[],
  monitor: Options,
  netOptions: Options = {},
) {
  const workspace = await openWorkspace({ "data.ts": dataModule, "silent.ts": silentModule });
  onTestFinished(() => workspace.close());
  const networks = names.map(
    (name) => [name, { ...net, class: name, path_to_class: "./silent.ts", ...netOptions }] as const,
  );
  await workspace.write("config.ini", config({ monitor, sections: { DATA: data, ...Object.fromEntries(networks) } }));
  return {
    ...workspace,
    texts: () =>
      workspace
        .query("or.db", "SELECT return_status FROM runs ORDER BY run_id")
        .map((row) => String(row.return_status)),
  };
}

test.concurrent("timeout and epoch_timeout end them as errors that say which limit it was, and the others go on", async (context) => {
  const workspace = await open(context, ["Endless", "Unsettled", "Slow"], {
    nb_processus: 3,
    timeout: 60,
    epoch_timeout: 12,
  });
  const finished = await workspace.run("run", "config.ini", "or.db");
  expect(finished.code, finished.stderr).toBe(1);
  expect(workspace.statuses("or.db")).toEqual(["error", "error", "done"]);
  const [endless, unsettled] = workspace.texts();
  expect(endless).toMatch(
    /^an epoch took longer than 12 s, the epoch_timeout of \[MONITOR\]; the last sign of progress was \d+ s ago$/,
  );
  expect(unsettled).toMatch(/^an epoch took longer than 12 s/);
  expect(finished.stderr).toMatch(/run 1 failed: an epoch took longer/);
});

describe.concurrent("mosaic pause", () => {
  test("--now says what it waits for, kills what does not come to rest, and leaves it for another time", async (context) => {
    const workspace = await open(context, ["Endless", "Net"], { nb_processus: 1 });
    const running = workspace.start("run", "config.ini", "or.db");
    await until(() => workspace.exists(".runs/or/output_1.log"), "its log");
    const paused = await workspace.run("pause", "left.json", "--now");
    expect(paused.code, paused.stderr).toBe(0);
    expect(paused.stderr).toContain(
      "run 1 has a call to end before it can rest; its worker is killed if that takes 10 s",
    );
    expect(paused.stdout).toContain("2 runs left");
    const finished = await running.finished;
    expect(finished.code, finished.stderr).toBe(3);
    expect(finished.stderr).toMatch(/run 1: it did not come to rest in 1\d s, so its worker was killed/);
    expect(workspace.statuses("or.db")).toEqual(["pending", "pending"]);
  });

  test("says so where the experiment itself is stopped, and is heard when it goes on", async (context) => {
    const workspace = await open(context, ["Slow"], { nb_processus: 1 }, { width: "2, 3, 4" });
    const running = workspace.start("run", "config.ini", "or.db");
    await until(() => workspace.exists(".runs/or/output_1.log"), "run 1");
    running.kill("SIGSTOP");
    const pausing = workspace.start("pause", "left.json");
    await until(() => pausing.stderr().includes("has not answered for 10 s"), "the notice");
    expect(pausing.stderr()).toContain(`kill -CONT ${running.pid} lets it go on`);
    running.kill("SIGCONT");
    expect((await pausing.finished).code).toBe(0);
    expect((await running.finished).code).toBe(3);
  });
});

test.concurrent("status tells since when a stopped worker shows no progress", async (context) => {
  const workspace = await open(context, ["Endless"], { nb_processus: 1 });
  const running = workspace.start("run", "config.ini", "or.db");
  await until(() => workspace.exists(".runs/or/output_1.log"), "run 1");
  for (const worker of childrenOf(running.pid)) process.kill(worker, "SIGSTOP");
  const progressOf = () => Number(workspace.query("or.db", "SELECT progress_at FROM leases")[0]?.progress_at);
  await until(() => progressOf() > 0, "a heartbeat");
  const before = progressOf();
  await until(
    () => Number(workspace.query("or.db", "SELECT expires_at FROM leases")[0]?.expires_at) > before + 64_000,
    "a later heartbeat",
  );
  expect(progressOf() - before).toBeLessThan(1500);
  running.kill("SIGTERM");
  expect((await running.finished).code).toBe(3);
});

test.concurrent("timeout counts from the run's beginning", async (context) => {
  const workspace = await open(context, ["Unsettled"], { nb_processus: 1, timeout: 5 });
  const finished = await workspace.run("run", "config.ini", "or.db");
  expect(finished.code, finished.stderr).toBe(1);
  expect(workspace.texts()).toEqual([
    expect.stringMatching(/^the run took longer than 5 s, the timeout of \[MONITOR\]/),
  ]);
});
