import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { until } from "@ml-mosaic/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { harmed, type TestProject, typescript } from "./projects.ts";
import {
  type ConfigParts,
  childrenOf,
  config,
  netModule,
  openWorkspace,
  processesGone,
  type Workspace,
} from "./workspace.ts";

let workspace: Workspace;

beforeEach(async () => {
  workspace = await openWorkspace();
});
afterEach(() => workspace.close());

/** Six runs of a part of a second each. */
const partsOf = ({ monitor, data, net }: TestProject): ConfigParts => ({
  process: { epochs: 400 },
  monitor: { nb_processus: 2, ...monitor, multiplicity: 2 },
  sections: { DATA: { ...data, delay: 150 }, NET: { ...net, width: "2, 3, 4" } },
});
const undisturbed = async () => {
  expect((await workspace.run("run", "config.ini", "undisturbed.db")).code).toBe(0);
  return workspace.history("undisturbed.db");
};
const hasEpochs = (runId: number) =>
  workspace.query(
    "or.db",
    "SELECT 1 FROM runs JOIN history USING (run_id) WHERE status = 'running' AND run_id = ?",
    runId,
  ).length > 0;
const unfinished = () => readdirSync(workspace.path(".runs/or")).filter((name) => /^\.writing-|\.tmp$/.test(name));
/** Workers have taken these runs: they have opened the runs' logs. */
const inWork = (runIds: readonly number[]) => runIds.every((runId) => workspace.exists(`.runs/or/output_${runId}.log`));
const attempts = () =>
  workspace.query("or.db", "SELECT attempts FROM run_details ORDER BY run_id").map((row) => row.attempts);

describe.each(harmed)("modules in $language", (project) => {
  const parts = partsOf(project);
  beforeEach(async () => {
    for (const [name, text] of Object.entries(project.files)) await workspace.write(name, text);
  });

  test("takes the run of a killed worker up again, which ends as if nothing had been", async () => {
    await workspace.write(
      "config.ini",
      config({ ...parts, process: { epochs: 1500 }, monitor: { ...project.monitor, nb_processus: 1 } }),
    );
    const expected = await undisturbed();
    const running = workspace.start("run", "config.ini", "or.db");
    await until(() => hasEpochs(2), "run 2 to train");
    const [worker] = childrenOf(running.pid);
    process.kill(worker ?? 0, "SIGKILL");
    const finished = await running.finished;
    expect(finished.code, finished.stderr).toBe(0);
    expect(finished.stderr).toContain("run 2: its worker died (killed by SIGKILL); it starts again");
    expect(workspace.statuses("or.db")).toEqual(["done", "done", "done"]);
    expect(attempts()).toEqual([0, 1, 0]);
    expect(workspace.history("or.db")).toEqual(expected);
    expect(unfinished()).toEqual([]);
  });

  test("gives a run up that kills its worker three times; the others finish", async () => {
    await workspace.write(
      "config.ini",
      config({
        monitor: { nb_processus: 2, ...project.monitor },
        sections: { DATA: project.data, NET: { ...project.net, class: "Suicidal", width: "2, 3, 4, 5, 6", layers: 0 } },
      }),
    );
    const finished = await workspace.run("run", "config.ini", "or.db");
    expect(finished.code, finished.stderr).toBe(1);
    expect(workspace.statuses("or.db")).toEqual(["done", "error", "done", "done", "done"]);
    expect(attempts()).toEqual([0, 3, 0, 0, 0]);
    const [row] = workspace.query("or.db", "SELECT return_status FROM runs WHERE run_id = 2");
    expect(row?.return_status).toContain(
      "the worker died in each of 3 attempts at this run (the last time: killed by SIGKILL)",
    );
    expect(finished.stderr).toContain("given up after 3 attempts");
    expect(unfinished()).toEqual([]);
    expect(finished.stdout).toMatch(/Suicidal\(3,0\) +0 \(\+1 failed\)/);
  });

  test("loses nothing when the supervisor is killed at any moment; --continue finishes, and nothing outlives it", async () => {
    await workspace.write("config.ini", config(parts));
    const start = performance.now();
    const expected = await undisturbed();
    const wholeMilliseconds = performance.now() - start;
    const done = () => (hasResults() ? workspace.query("or.db", "SELECT * FROM run_results ORDER BY run_id") : []);
    let before = done();
    for (const earliest of [0.15, 0.4, 0.55, 0.7]) {
      const moment = (earliest + 0.1 * Math.random()) * wholeMilliseconds;
      const running = workspace.start("run", "config.ini", "or.db", "--continue");
      await wait(moment);
      running.kill("SIGKILL");
      await running.finished;
      const left = await processesGone(workspace.folder);
      expect(left, `killed after ${moment} ms`).toEqual([]);
      const after = done();
      const ids = before.map(({ run_id }) => run_id);
      expect(
        after.filter(({ run_id }) => ids.includes(run_id)),
        `killed after ${moment} ms`,
      ).toEqual(before);
      before = after;
    }
    const finished = await workspace.run("run", "config.ini", "or.db", "--continue");
    expect(finished.code, finished.stderr).toBe(0);
    expect(workspace.statuses("or.db")).toEqual(new Array(6).fill("done"));
    expect(workspace.history("or.db")).toEqual(expected);
    expect(workspace.query("or.db", "SELECT * FROM leases")).toEqual([]);
    expect(unfinished()).toEqual([]);
  });

  test("ends a worker that is stuck in a module when its supervisor is killed", async () => {
    const sections = { DATA: project.data, NET: { ...project.net, class: "Stuck", width: 2, layers: 0 } };
    await workspace.write("config.ini", config({ monitor: project.monitor, sections }));
    const running = workspace.start("run", "config.ini", "or.db");
    await until(() => inWork([1]), "the run to start");
    await until(() => workspace.exists("stuck"), "it to be stuck");
    const workers = childrenOf(running.pid);
    expect(workers).toHaveLength(1);
    running.kill("SIGKILL");
    await running.finished;
    const left = await processesGone(workspace.folder);
    expect(left).toEqual([]);
  });

  test("finishes the running runs at Ctrl-C, stops at the second, and says how to go on", async () => {
    const slow = (delay: number) =>
      config({ ...parts, sections: { ...parts.sections, DATA: { ...project.data, delay } } });
    await workspace.write("config.ini", slow(0));
    const expected = await undisturbed();

    // So slow that both workers have a run before one has ended.
    await workspace.write("config.ini", slow(2500));
    const once = workspace.start("run", "config.ini", "or.db");
    await until(() => inWork([1, 2]), "two runs to start");
    once.signalGroup("SIGINT");
    const first = await once.finished;
    expect(first.code, first.stderr).toBe(3);
    expect(first.stderr).toContain("Finishing the running runs; Ctrl-C again stops them now.");
    expect(first.stderr).toContain("mosaic run config.ini or.db --continue   carries on: 4 runs left");
    expect(workspace.statuses("or.db")).toEqual(["done", "done", "pending", "pending", "pending", "pending"]);

    const twice = workspace.start("run", "config.ini", "or.db", "--continue");
    await until(() => inWork([3, 4]), "two runs to start");
    twice.signalGroup("SIGINT");
    await twice.said("Finishing the running runs");
    twice.signalGroup("SIGINT");
    const second = await twice.finished;
    expect(second.code, second.stderr).toBe(3);
    expect(second.stderr).toContain("4 runs left");
    expect(workspace.statuses("or.db")).toEqual(["done", "done", "pending", "pending", "pending", "pending"]);
    expect(attempts()).toEqual([0, 0, 0, 0, 0, 0]);
    const left = await processesGone(workspace.folder);
    expect(left).toEqual([]);

    expect((await workspace.run("run", "config.ini", "or.db", "--continue")).code).toBe(0);
    expect(workspace.history("or.db")).toEqual(expected);
    expect(unfinished()).toEqual([]);
  });

  test("stops with a clear message when the database cannot grow any more, and goes on when it can", async () => {
    await workspace.write("config.ini", config({ ...parts, process: { epochs: 1500, artifacts: "none" } }));
    // The system's limit on the size of files stands for a full disk.
    const program = 'ulimit -f 450; exec "$0" "$@"';
    const bin = new URL("../bin/mosaic.ts", import.meta.url).pathname;
    const full = await workspace.startProgram("bash", [
      "-c",
      program,
      process.execPath,
      bin,
      "run",
      "config.ini",
      "or.db",
    ]).finished;
    expect(full.stderr).toMatch(/or\.db: (the disk is full|reading or writing failed)/);
    expect(full.stderr).toContain("mosaic run config.ini or.db --continue");
    expect(full.code, full.stderr).toBe(3);
    const left = await processesGone(workspace.folder);
    expect(left).toEqual([]);
    const finished = await workspace.run("run", "config.ini", "or.db", "--continue");
    expect(finished.code, finished.stderr).toBe(0);
    expect(workspace.statuses("or.db")).toEqual(new Array(6).fill("done"));
    expect(workspace.query("or.db", "SELECT count(*) AS n FROM history")).toEqual([{ n: 9_000 }]);
  });

  test("keeps the result of a worker that dies as soon as it has sent it, and blames no run that it had not begun", async () => {
    await workspace.write(project.networkFile, project.deadlyLastMessage);
    await workspace.write(
      "config.ini",
      config({
        ...parts,
        process: { epochs: 50 },
        sections: { DATA: project.data, NET: { ...project.net, width: "{2-4}" } },
      }),
    );
    const finished = await workspace.run("run", "config.ini", "or.db");
    expect(finished.stderr).not.toContain("its worker died");
    expect(workspace.statuses("or.db")).toEqual(new Array(6).fill("done"));
    expect(attempts()).toEqual(new Array(6).fill(0));
    expect(workspace.query("or.db", "SELECT count(*) AS n FROM history")).toEqual([{ n: 300 }]);
    expect(finished.code, finished.stderr).toBe(0);
  });

  test("burns no run where there is too little address space for a worker's threads", async () => {
    await workspace.write("config.ini", config(parts));
    const bin = join(import.meta.dirname, "../bin/mosaic.ts");
    const limited = `ulimit -v 1900000; exec ${process.execPath} ${bin} run config.ini or.db`;
    const { code, stderr } = await workspace.startProgram("bash", ["-c", limited]).finished;
    // How much is enough depends on the system.
    expect([0, 3], stderr).toContain(code);
    expect(workspace.statuses("or.db")).toEqual(new Array(6).fill(code === 0 ? "done" : "pending"));
  });
});

const parts = partsOf(typescript);

function hasResults(): boolean {
  if (!workspace.exists("or.db")) return false;
  return workspace.query("or.db", "SELECT 1 FROM sqlite_schema WHERE name = 'run_results'").length > 0;
}

test("refuses a second writer while the first one lives, and says which it is", async () => {
  await workspace.write("config.ini", config(parts));
  const running = workspace.start("run", "config.ini", "or.db");
  await until(() => workspace.statuses("or.db").includes("running"), "a run to start");
  const second = await workspace.run("run", "config.ini", "or.db", "--continue");
  expect(second.code, second.stderr).toBe(2);
  expect(second.stderr).toContain(`process ${running.pid} `);
  running.kill("SIGTERM");
  expect((await running.finished).code).toBe(3);
  expect(workspace.statuses("or.db")).toHaveLength(6);
});

test.each(["SIGQUIT", "SIGUSR1"] as const)("stops at once at %s, which Ctrl-\\ and schedulers send", async (signal) => {
  await workspace.write(
    "config.ini",
    config({ ...parts, sections: { ...parts.sections, DATA: { ...typescript.data, delay: 60_000 } } }),
  );
  const running = workspace.start("run", "config.ini", "or.db");
  await until(() => inWork([1, 2]), "two runs to start");
  running.signalGroup(signal);
  const { code, stderr } = await running.finished;
  expect(code, stderr).toBe(3);
  expect(stderr).toContain("6 runs left");
  expect(workspace.statuses("or.db").every((status) => status === "pending")).toBe(true);
});

test("stops with a clear message when no worker can be started", async () => {
  await workspace.write("net.ts", `${netModule}\nprocess.env.NODE_OPTIONS = "--require=./nowhere.cjs";`);
  await workspace.write("config.ini", config(parts));
  const finished = await workspace.run("run", "config.ini", "or.db");
  expect(finished.code, finished.stderr).toBe(3);
  expect(finished.stderr).toContain(
    "no worker process can be started: 3 in a row died before they took a run (the last one ended with exit code 1)",
  );
  expect(finished.stderr).toContain("mosaic run config.ini or.db --continue");
  expect(workspace.statuses("or.db")).toEqual(new Array(6).fill("pending"));
  expect(attempts()).toEqual(new Array(6).fill(0));
});
