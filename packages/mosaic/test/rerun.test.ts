import { readFile, rm, truncate, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { readSafetensors } from "@ml-mosaic/tensor";
import { until } from "@ml-mosaic/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type ConfigParts,
  childrenOf,
  config,
  data,
  net,
  netModule,
  openWorkspace,
  type Workspace,
} from "./workspace.ts";

let workspace: Workspace;

/** With dropout, whose stream must go on too. */
const dropping = `${netModule}
export class Dropping extends Net {
  dropout = new nn.Dropout(0.5);
  override forward(data: Tensor): Tensor { return super.forward(this.dropout.forward(data)); }
}`;

beforeEach(async () => {
  workspace = await openWorkspace({ "net.ts": dropping });
});
afterEach(() => workspace.close());

const sections = { DATA: { ...data, size: 10 }, NET: { ...net, class: "Dropping", width: "2, 3" } };

async function write(parts: Partial<ConfigParts>, name = "config.ini"): Promise<void> {
  await workspace.write(name, config({ sections, ...parts }));
}

async function succeed(...args: readonly string[]) {
  const finished = await workspace.run(...args);
  expect(finished.code, finished.stderr).toBe(0);
  return finished;
}

const rerun = (...args: readonly string[]) => workspace.run("rerun", "config.ini", "or.db", ...args);
const results = (database: string) =>
  workspace
    .query(database, "SELECT * FROM run_results ORDER BY run_id")
    .map(({ "duration(s)": seconds, ...rest }) => ({ ...rest, tookTime: Number(seconds) > 0 }));
const epochs = () =>
  workspace.query("or.db", "SELECT epochs FROM run_results ORDER BY run_id").map((row) => row.epochs);

/** That two databases hold the same curves, figures and weights, bit for bit. */
async function expectSame(database: string, other: string, runIds: readonly number[]): Promise<void> {
  expect(workspace.history(database)).toEqual(workspace.history(other));
  expect(results(database)).toEqual(results(other));
  const [files, otherFiles] = [database, other].map((name) => `.runs/${name.replace(".db", "")}`);
  for (const runId of runIds) {
    for (const name of [`model_Dropping_${runId}.safetensors`, `model_${runId}.onnx`]) {
      const bytes = await readFile(workspace.path(`${files}/${name}`));
      expect(bytes.equals(await readFile(workspace.path(`${otherFiles}/${name}`))), name).toBe(true);
    }
    const name = `snapshot_${runId}.safetensors`;
    const one = await readSafetensors(workspace.path(`${files}/${name}`));
    const two = await readSafetensors(workspace.path(`${otherFiles}/${name}`));
    expect(one.tensors).toEqual(two.tensors);
    expect(trainInfo(one.metadata)).toEqual(trainInfo(two.metadata));
  }
}

/** But for the wall time. */
function trainInfo({ TRAIN_INFO: text = "{}" }: Readonly<Record<string, string>>): unknown {
  return JSON.parse(text);
}

describe("trains further", () => {
  test("50 + 50 epochs are 100, bit for bit, with every kind of schedule", async () => {
    const process = {
      scheduler: "None, StepLR, ReduceLROnPlateau",
      "scheduler.step_size": 7,
      "scheduler.patience": 0,
      "optimizer.weight_decay": 0.01,
    };
    const parts = { sections: { ...sections, NET: { ...sections.NET, width: 3 } } };
    await write({ ...parts, process: { ...process, epochs: 100 } });
    await succeed("run", "config.ini", "whole.db");
    await write({ ...parts, process: { ...process, epochs: 50 } });
    await succeed("run", "config.ini", "or.db");
    const half = results("or.db");
    const finished = await rerun("-id", "all", "-epochs", "50", "--json");
    expect(finished.code, finished.stderr).toBe(0);
    expect(finished.stderr).toContain("3 runs trained further, 0 started again");
    expect(JSON.parse(finished.stdout)).toMatchObject({ models: [{ runs: 1 }, { runs: 1 }, { runs: 1 }] });
    await expectSame("or.db", "whole.db", [1, 2, 3]);
    expect(await workspace.read(".runs/or/output_1.log")).toMatch(
      /epoch 50\/50 [\s\S]*epoch 51\/100 [\s\S]*epoch 100\/100 /,
    );
    expect(await workspace.read(".runs/or/run_info_1.mdt")).toContain("epochs = 100");
    expect(workspace.query("or.db", "SELECT attempts, from_snapshot FROM run_details WHERE run_id = 1")).toMatchObject([
      { attempts: 0 },
    ]);

    // The result of the first half stays readable.
    const json = JSON.parse((await succeed("show", "or.db", "1", "--json")).stdout);
    expect(json.earlier_results).toMatchObject([{ epochs: 50, train_loss: half[0]?.["train_loss" as never] }]);
    expect(json.results.epochs).toBe(100);
    expect((await succeed("show", "or.db", "1")).stdout).toMatch(
      /\nEarlier results\n +replaced .*\n.*\n +20\d\d-.* 50 /,
    );
  });

  test("by default for as many epochs as the configuration asked for, and again", async () => {
    await write({ process: { epochs: 2 } });
    await succeed("run", "config.ini", "or.db");
    expect(await workspace.runCommand("mosaic_rerun", "config.ini", "or.db", "-id", "2")).toMatchObject({ code: 0 });
    expect(epochs()).toEqual([2, 4]);
    expect((await rerun("-id", "2", "-epochs", "1")).code).toBe(0);
    expect(epochs()).toEqual([2, 5]);
    const { earlier_results: earlier } = JSON.parse((await succeed("show", "or.db", "2", "--json")).stdout);
    expect(earlier.map((result: { epochs: number }) => result.epochs)).toEqual([2, 4]);
    expect((await workspace.run("status", "or.db")).stdout).toContain("2 runs: 2 done");
    // To `--continue` it is still the same run.
    expect((await workspace.run("run", "config.ini", "or.db", "--continue")).stderr).toContain("2 runs done before");
  });

  test("those that each selector names", async () => {
    await write({ process: { epochs: 1 }, sections: { ...sections, NET: { ...sections.NET, width: "2, 3, 4, 5" } } });
    await succeed("run", "config.ini", "or.db");
    const choose = async (...selector: readonly string[]) => {
      const finished = await rerun(...selector, "-epochs", "1");
      expect(finished.code, finished.stderr).toBe(0);
      return epochs();
    };
    expect(await choose("-id", "1,3-4")).toEqual([2, 1, 2, 2]);
    expect(await choose("-request", "SELECT run_id FROM run_results WHERE epochs = 1")).toEqual([2, 2, 2, 2]);
    expect(await choose("-param_name_and_value", "Dropping_width", "5")).toEqual([2, 2, 2, 3]);
    expect(await choose("-param_name_and_value_low_threshold", "Dropping_width", "3")).toEqual([3, 3, 2, 3]);
    expect(await choose("-param_name_and_value_high_threshold", "epochs", "3")).toEqual([4, 4, 2, 4]);
    expect((await rerun("-id", "9")).stderr).toContain("there is no run 9; the database has runs 1 to 4");
    expect((await rerun("-id", "1", "-epochs=-1")).stderr).toContain(
      '--epochs: expected an integer of at least 0, got "-1"',
    );
    expect(await rerun()).toMatchObject({ code: 2, stderr: expect.stringContaining("say which runs are meant") });
    expect(epochs()).toEqual([4, 4, 2, 4]);
  });

  test("with another text of a module only where it is accepted, and says so", async () => {
    await write({ process: { epochs: 1 } });
    await succeed("run", "config.ini", "or.db");
    expect((await rerun("-id", "1")).stderr).not.toContain("has changed since");
    await workspace.write("net.ts", `${dropping}\n// changed`);
    const refused = await rerun("-id", "all");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("./net.ts has changed since runs 1-2 began\n");
    expect((await rerun("-id", "all", "--accept-code")).stderr).toContain(
      "./net.ts has changed since runs 1-2 began: they go on with the new text, and are comparable with no other run",
    );
    // With two texts they are no runs of either.
    expect((await workspace.run("run", "config.ini", "or.db", "--continue")).stderr).toContain("0 runs done before");
    expect((await rerun("-id", "all")).stderr).not.toContain("has changed since");
    await rm(workspace.path("net.ts"));
    const finished = await rerun("-id", "all");
    expect(finished).toMatchObject({ code: 2, stdout: "" });
    expect(finished.stderr).toMatch(/the runs cannot go on without their modules: The file .*net\.ts does not exist/);
    expect(workspace.statuses("or.db")).toEqual(["done", "done", "done", "done"]);
  });
});

describe("starts again", () => {
  test("what failed and what never finished, and extends only what is done", async () => {
    await workspace.write(
      "net.ts",
      `${dropping}
import { existsSync } from "node:fs";
export class Moody extends Dropping {
  constructor(options: Record<string, number>) {
    super(options);
    if (options.width === 3 && !existsSync(import.meta.dirname + "/good-mood")) throw new Error("in a bad mood");
  }
}`,
    );
    const NET = { ...net, class: "Moody", width: "2, 3, 4", layers: 0 };
    await write({
      process: { epochs: 2 },
      monitor: { nb_processus: 1 },
      sections: { DATA: { ...data, delay: 100 }, NET },
    });
    const running = workspace.start("run", "config.ini", "or.db");
    await until(() => workspace.statuses("or.db").includes("error"), "run 2 to fail");
    running.kill("SIGTERM");
    expect((await running.finished).code).toBe(3);
    expect(workspace.statuses("or.db").slice(0, 2)).toEqual(["done", "error"]);
    expect((await rerun("-id", "2")).code).toBe(1);
    await workspace.write("good-mood", "");
    const finished = await rerun("-id", "all", "-epochs", "3");
    expect(finished.code, finished.stderr).toBe(0);
    expect(finished.stderr).toContain(
      "--epochs adds to results; runs that never had one take as many epochs as they were asked for",
    );
    expect(workspace.statuses("or.db")).toEqual(["done", "done", "done"]);
    expect(epochs()[0]).toBe(5);
    expect(epochs()[1]).toBe(2);
  });

  test("when it was killed between its snapshot and its result: the same curve all the same", async () => {
    // A worker looks how much memory it has before it says that its first run is done: that is where it dies, once.
    await workspace.write(
      "net.ts",
      `${dropping}
import { existsSync, statSync, writeFileSync } from "node:fs";
const [armed, mark] = ["armed", "killed"].map((name) => import.meta.dirname + "/" + name);
const snapshot = import.meta.dirname + "/.runs/or/snapshot_1.safetensors";
const { memoryUsage } = process;
process.memoryUsage = Object.assign(() => {
  if (existsSync(armed) && !existsSync(mark) && statSync(snapshot).mtimeMs > statSync(armed).mtimeMs) {
    writeFileSync(mark, "");
    process.kill(process.pid, "SIGKILL");
  }
  return memoryUsage();
}, memoryUsage);`,
    );
    await write({ process: { epochs: 6 } });
    await succeed("run", "config.ini", "whole.db");
    await write({ process: { epochs: 3 } });
    await succeed("run", "config.ini", "or.db");
    await workspace.write("armed", "");
    const finished = await rerun("-id", "all", "-epochs", "3");
    expect(finished.code, finished.stderr).toBe(0);
    expect(finished.stderr).toContain("its worker died (killed by SIGKILL); it goes on from its snapshot");
    await expectSame("or.db", "whole.db", [1, 2]);
  });
});

test("loses nothing when it is killed in the middle, and is gone on with by rerun or by --continue", async () => {
  const parts = { monitor: { nb_processus: 1 }, sections: { ...sections, NET: { ...sections.NET, width: "2, 3, 4" } } };
  await write({ ...parts, process: { epochs: 2003 } });
  await succeed("run", "config.ini", "whole.db");
  await write({ ...parts, process: { epochs: 3 } });
  await succeed("run", "config.ini", "or.db");
  const running = workspace.start("rerun", "config.ini", "or.db", "-id", "all", "-epochs", "2000");
  const far = (runId: number) =>
    workspace.query("or.db", "SELECT 1 FROM history WHERE run_id = ? AND epoch > 100", runId);
  await until(() => far(2).length > 0, "run 2 to train");
  const [worker = 0] = childrenOf(running.pid);
  running.kill("SIGKILL");
  await running.finished;
  await until(() => !workspace.exists(`/proc/${worker}`), "the worker to end");
  const [token] = workspace.query("or.db", "SELECT token FROM leases");
  const before = results("or.db");
  expect(before.map(({ tookTime }) => tookTime)).toEqual([true]);
  expect(workspace.query("or.db", "SELECT run_id, epochs FROM earlier_results ORDER BY run_id")).toEqual(
    [1, 2, 3].map((run_id) => ({ run_id, epochs: 3 })),
  );
  expect((await workspace.run("status", "or.db")).stdout).toContain("mosaic run config.ini or.db --continue");
  // What is unfinished is taken up where its snapshot is, what is done is left alone.
  const again = workspace.start("rerun", "config.ini", "or.db", "-id", "2");
  const leased = () => workspace.query("or.db", "SELECT 1 FROM leases WHERE token > ?", Number(token?.token));
  await until(() => leased().length > 0 && far(2).length > 0, "run 2 to train");
  again.kill("SIGTERM");
  const stopped = await again.finished;
  expect(stopped.code).toBe(3);
  expect(stopped.stderr).toContain("mosaic rerun config.ini or.db --id 2   carries on: 1 run left");
  const finished = await workspace.run("run", "config.ini", "or.db", "--continue");
  expect(finished.code, finished.stderr).toBe(0);
  expect(finished.stderr).toContain("1 run done before, 2 unfinished taken up, 0 new");
  expect(results("or.db")[0]).toEqual(before[0]);
  await expectSame("or.db", "whole.db", [1, 2, 3]);
});

test("a mistyped number of epochs is replaced by the right one, or taken back", async () => {
  await write({ process: { epochs: 2 } });
  await succeed("run", "config.ini", "or.db");
  const before = [results("or.db"), workspace.history("or.db"), workspace.query("or.db", "SELECT * FROM params")];
  const running = workspace.start("rerun", "config.ini", "or.db", "-id", "all", "-epochs", "99999999999999");
  await until(
    () => workspace.query("or.db", "SELECT 1 FROM history WHERE epoch > 2").length > 0,
    "the runs to be trained",
  );
  running.kill("SIGTERM");
  const stopped = await running.finished;
  expect(stopped.stderr).toContain(
    "mosaic rerun config.ini or.db --id 1-2 --epochs 0   trains them no further: what they were before counts again",
  );
  const taken = await rerun("-id", "all", "-epochs", "0");
  expect(taken).toMatchObject({ code: 0, stdout: "2 runs done again, as before mosaic rerun: 1-2\n" });
  expect([results("or.db"), workspace.history("or.db"), workspace.query("or.db", "SELECT * FROM params")]).toEqual(
    before,
  );
  expect((await workspace.run("status", "or.db", "--check")).stdout).toContain("Nothing is damaged");
  expect((await rerun("-id", "1", "-epochs", "0")).stdout).toContain("None of these runs waits to be trained further");

  const again = workspace.start("rerun", "config.ini", "or.db", "-id", "all", "-epochs", "99999999999999");
  await until(
    () => workspace.query("or.db", "SELECT 1 FROM history WHERE run_id = 1 AND epoch > 20").length > 0,
    "run 1 to be trained",
  );
  await workspace.run("pause", "left.json", "--now");
  await again.finished;
  const [paused] = workspace.query("or.db", "SELECT resume_epoch FROM run_details WHERE run_id = 1");
  const least = Number(paused?.resume_epoch) + 1 - 2;
  const tooFew = await rerun("-id", "1", "-epochs", "3");
  expect(tooFew.code).toBe(2);
  expect(tooFew.stderr).toContain(
    `run 1 has been trained to epoch ${least + 1} since its result of 2 epochs, to which --epochs adds: at least ${least} must be added`,
  );
  expect(await rerun("-id", "1", "-epochs", "0")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("gone for runs that have been trained since: 1. Train them"),
  });
  expect((await rerun("-id", "1", "-epochs", String(least))).code).toBe(0);
  expect(epochs()).toEqual([least + 2]);
});

describe("is refused, and nothing changes,", () => {
  let unchanged: () => void;
  const prepare = async (process: ConfigParts["process"] = {}) => {
    await write({ process: { epochs: 1, ...process } });
    await succeed("run", "config.ini", "or.db");
    const state = () =>
      ["runs", "run_results", "params", "run_details"].map((table) =>
        workspace.query("or.db", `SELECT * FROM ${table}`),
      );
    const before = state();
    unchanged = () => {
      expect(state()).toEqual(before);
      expect(workspace.query("or.db", "SELECT * FROM earlier_results")).toEqual([]);
    };
  };

  test("where no snapshot was kept", async () => {
    await prepare({ artifacts: "none" });
    const finished = await rerun("-id", "all");
    expect(finished).toMatchObject({ code: 2, stdout: "" });
    expect(finished.stderr).toBe(
      "runs 1-2 kept no snapshot to go on from: the configuration said artifacts = none. Train anew with artifacts = all, by mosaic run\n",
    );
    unchanged();
  });

  test("where a snapshot is gone, cut off, damaged or another file", async () => {
    await prepare();
    const snapshot = workspace.path(".runs/or/snapshot_2.safetensors");
    const whole = await readFile(snapshot);
    const cases: readonly (readonly [string, () => Promise<void>])[] = [
      ["is missing", () => rm(snapshot)],
      ["is cut off", () => truncate(snapshot, whole.length - 4)],
      ["is damaged or cut off", () => truncate(snapshot, 20)],
      ["is damaged or cut off", () => truncate(snapshot, 0)],
      ["is damaged, or no snapshot", () => writeFile(snapshot, Buffer.from(whole).fill(0x61, 8, 40))],
      [
        "is damaged, or no snapshot",
        async () => writeFile(snapshot, await readFile(workspace.path(".runs/or/model_Dropping_2.safetensors"))),
      ],
    ];
    for (const [problem, spoil] of cases) {
      await spoil();
      const finished = await rerun("-id", "all");
      expect(finished).toMatchObject({ code: 2, stdout: "" });
      expect(finished.stderr).toContain("there is no snapshot to go on from for 1 run:\nrun 2: ");
      expect(finished.stderr).toContain(`snapshot_2.safetensors ${problem}\n`);
      unchanged();
      await writeFile(snapshot, whole);
    }
    expect((await rerun("-id", "all")).code).toBe(0);
  });

  test("while an experiment writes there", async () => {
    await write({ process: { epochs: 1 }, sections: { ...sections, DATA: { ...data, delay: 3000 } } });
    const running = workspace.start("run", "config.ini", "or.db");
    await until(() => workspace.statuses("or.db").includes("running"), "a run to start");
    const finished = await rerun("-id", "all");
    expect(finished).toMatchObject({ code: 2, stdout: "" });
    expect(finished.stderr).toContain(`process ${running.pid} has been writing to this database`);
    running.kill("SIGTERM");
    await running.finished;
  });

  test("for runs of the original Mosaic, for what is no database, and for a configuration without MONITOR", async () => {
    await write({});
    const original = new DatabaseSync(workspace.path("or.db"));
    original.exec(`
      CREATE TABLE system (param_name TEXT, param_value TEXT);
      CREATE TABLE params (run_id INTEGER, param_name TEXT, param_value TEXT);
      CREATE TABLE runs (run_id INTEGER, status TEXT, pipeline TEXT, return_status TEXT);
      CREATE TABLE run_results (run_id INTEGER, train_loss FLOAT, test_loss FLOAT);
      INSERT INTO runs VALUES (1, 'done', 'Mlp(2)', NULL);
      INSERT INTO run_results VALUES (1, 0.5, 0.5);`);
    original.close();
    expect(await rerun("-id", "all")).toMatchObject({
      code: 2,
      stderr:
        "runs of the original Mosaic cannot be trained further: 1; they have kept nothing to go on from. Train their classes anew by mosaic run\n",
    });
    expect(workspace.statuses("or.db")).toEqual(["done"]);
    expect(await workspace.run("rerun", "config.ini", "nowhere.db", "-id", "1")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("does not exist; check the name"),
    });
    await workspace.write("bare.ini", "[PROCESS]\nlr = 1\n");
    expect(await workspace.run("rerun", "bare.ini", "or.db", "-id", "1")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("[MONITOR]"),
    });
    expect(workspace.exists("nowhere.db")).toBe(false);
  });
});
