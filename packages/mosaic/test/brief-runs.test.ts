/** Runs so brief that the next order waits with the worker: it must not matter whatever comes between. */
import { until } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { childrenOf, config, data, net, netModule, openWorkspace, processesGone, type Workspace } from "./workspace.ts";

let workspace: Workspace;

beforeEach(async () => {
  workspace = await openWorkspace();
});
afterEach(() => workspace.close());

const count = 80;
const numbers = (name: string) =>
  workspace.query("or.db", `SELECT ${name} AS n FROM run_details ORDER BY run_id`).map((row) => row.n);
const done = () => workspace.statuses("or.db").filter((status) => status === "done").length;

async function write(artifacts: "all" | "none", multiplicity = 1): Promise<void> {
  const lr = Array.from({ length: count }, (_, index) => `${index + 1}e-4`).join(", ");
  await workspace.write(
    "config.ini",
    config({
      process: { epochs: 1, artifacts, lr },
      monitor: { nb_processus: 2, multiplicity },
      sections: { DATA: data, NET: { ...net, width: "2" } },
    }),
  );
}

/** What the runs give where nothing comes between, by the files that they leave. */
const undisturbed = new Map<string, ReturnType<Workspace["history"]>>();

async function expected(artifacts: "all" | "none"): Promise<ReturnType<Workspace["history"]>> {
  const known = undisturbed.get(artifacts);
  if (known !== undefined) return known;
  expect((await workspace.run("run", "config.ini", "undisturbed.db")).code).toBe(0);
  const history = workspace.history("undisturbed.db");
  undisturbed.set(artifacts, history);
  return history;
}

test.each([
  ["Ctrl-C", "none", (pid: number): boolean => process.kill(pid, "SIGINT")],
  ["Ctrl-C", "all", (pid: number): boolean => process.kill(pid, "SIGINT")],
  ["the end of a terminal", "none", (pid: number): boolean => process.kill(pid, "SIGHUP")],
  ["the death of a worker", "none", (pid: number): boolean => process.kill(childrenOf(pid)[0] ?? 0, "SIGKILL")],
  ["the death of the supervisor", "none", (pid: number): boolean => process.kill(pid, "SIGKILL")],
] as const)("%s loses nothing, with files: %s", async (_, artifacts, disturb) => {
  await write(artifacts);
  const history = await expected(artifacts);
  expect(history).toHaveLength(count);
  const running = workspace.start("run", "config.ini", "or.db");
  await until(() => workspace.exists("or.db") && done() > count / 4, "some runs to end");
  disturb(running.pid);
  await running.finished;
  await processesGone(workspace.folder);
  const finished = await workspace.run("run", "config.ini", "or.db", "--continue");
  expect(finished.code, finished.stderr).toBe(0);
  expect(workspace.statuses("or.db")).toEqual(new Array(count).fill("done"));
  // The worker that was killed had one run at most.
  expect(numbers("attempts").filter((attempts) => attempts !== 0).length).toBeLessThan(2);
  expect(workspace.history("or.db")).toEqual(history);
});

test("a pause leaves no run behind that nobody has", async () => {
  // So many that they are not through before the command that pauses them, which is loaded before, comes to it.
  const repetitions = 3;
  await write("all", repetitions);
  await workspace.run("pause", "--help");
  const running = workspace.start("run", "config.ini", "or.db");
  await until(() => workspace.exists("or.db") && done() > 10, "some runs to end");
  const paused = await workspace.run("pause", "left.json", "--now");
  expect(paused.code, paused.stderr).toBe(0);
  await running.finished;
  expect(workspace.statuses("or.db")).not.toContain("running");
  expect(numbers("attempts")).toEqual(new Array(repetitions * count).fill(0));
  expect((await workspace.run("resume", "left.json")).code).toBe(0);
  expect(workspace.statuses("or.db")).toEqual(new Array(repetitions * count).fill("done"));
});

test("a run that kills its worker takes the blame, not one that waits behind it", async () => {
  await workspace.write(
    "net.ts",
    `${netModule}
export class Suicidal extends Net {
  override train(mode: boolean) {
    if (this.first.weight.shape[0] === 3) process.kill(process.pid, "SIGKILL");
    return super.train(mode);
  }
}`,
  );
  const lr = Array.from({ length: 3 }, (_, index) => `${index + 1}e-4`).join(", ");
  await workspace.write(
    "config.ini",
    config({
      process: { epochs: 1, artifacts: "none", lr },
      monitor: { nb_processus: 1 },
      sections: { DATA: data, NET: { ...net, class: "Suicidal", width: "2, 3", layers: 0 } },
    }),
  );
  const finished = await workspace.run("run", "config.ini", "or.db");
  expect(finished.code, finished.stderr).toBe(1);
  const isSuicidal = workspace
    .query("or.db", "SELECT param_value AS pipeline FROM params WHERE param_name = 'pipeline' ORDER BY run_id")
    .map(({ pipeline }) => /"?width"?[^,]*3/.test(String(pipeline)));
  expect(isSuicidal.filter((each) => each).length).toBe(3);
  expect(numbers("attempts")).toEqual(isSuicidal.map((each) => (each ? 3 : 0)));
});

test("after Ctrl-C the run that waits behind another does not begin", async () => {
  await workspace.write(
    "net.ts",
    `${netModule}
import { existsSync, writeFileSync } from "node:fs";
const at = (name: string) => import.meta.dirname + "/" + name;
export class Slow extends Net {
  override train(mode: boolean) {
    const width = this.first.weight.shape[0];
    if (width === 3 && !existsSync(at("slow"))) {
      writeFileSync(at("slow"), "");
      while (!existsSync(at("go"))) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
    if (width === 4) writeFileSync(at("behind"), "");
    return super.train(mode);
  }
}`,
  );
  await workspace.write(
    "config.ini",
    config({
      process: { epochs: 1, artifacts: "none" },
      monitor: { nb_processus: 1 },
      sections: { DATA: data, NET: { ...net, class: "Slow", width: "2, 5, 6, 7, 3, 4", layers: 0 } },
    }),
  );
  const running = workspace.start("run", "config.ini", "or.db");
  await until(() => workspace.exists("slow"), "the slow run to begin");
  process.kill(running.pid, "SIGINT");
  await running.said("Finishing the running runs");
  await workspace.write("go", "");
  expect((await running.finished).code).toBe(3);
  expect(workspace.exists("behind")).toBe(false);
  expect(workspace.statuses("or.db")).toEqual(["done", "done", "done", "done", "done", "pending"]);
});
