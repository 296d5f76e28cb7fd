/** Modules that start processes of their own. */
import { statSync } from "node:fs";
import { until } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  childrenOf,
  config,
  data,
  net,
  netModule,
  openWorkspace,
  processesGone,
  processesIn,
  type Workspace,
} from "./workspace.ts";

let workspace: Workspace;

beforeEach(async () => {
  workspace = await openWorkspace({
    "net.ts": `import { execSync, spawn } from "node:child_process";
import { existsSync, readlinkSync } from "node:fs";
${netModule}
export class Parent extends Net {
  override async saveModel(path: string) {
    execSync("echo from a child; echo and its error >&2", { stdio: "inherit" });
    const channels = existsSync("/proc/self/fd") ? [3, 4, 5].map((file) => readlinkSync("/proc/self/fd/" + file)) : [];
    const inherited = channels.length === 0 ? "" : execSync("ls -l /proc/self/fd").toString();
    console.log("channels inherited: " + channels.filter((channel) => inherited.includes(channel)).length);
    spawn("sleep", ["1000"], { stdio: "ignore" }).unref();
    spawn("sleep", ["1000"], { stdio: "inherit" }).unref();
    spawn("sleep", ["1000"], { stdio: "ignore", detached: true }).unref();
    execSync("setsid sh -c 'sleep 1000 & sleep 1000 &' > /dev/null 2>&1 < /dev/null");
    await super.saveModel(path);
  }
}
export class Endless extends Parent {
  override async saveModel(path: string) {
    await super.saveModel(path);
    for (;;);
  }
}
export class Resting extends Parent {
  override async saveModel(path: string) {
    await super.saveModel(path);
    await new Promise((resolve) => setTimeout(resolve, 1e8));
  }
}`,
  });
});
afterEach(() => workspace.close());

/** The supervisor, its worker, and five that the module has started. */
const started = () => until(() => processesIn(workspace.folder).length === 7, "the module to start its processes");

const write = (name: string) =>
  workspace.write(
    "config.ini",
    config({ monitor: { nb_processus: 1 }, sections: { DATA: data, NET: { ...net, class: name, width: "2, 3" } } }),
  );

test("what they print is in the log of their run, and they end with the worker", async () => {
  await write("Parent");
  const finished = await workspace.run("run", "config.ini", "or.db");
  expect(finished.code, finished.stderr).toBe(0);
  expect(finished.stdout + finished.stderr).not.toContain("from a child");
  for (const runId of [1, 2]) {
    const log = await workspace.read(`.runs/or/output_${runId}.log`);
    expect(log.match(/from a child\nand its error\n/g)).toHaveLength(1);
    // None of those between the worker and its supervisor.
    expect(log).toContain("\nchannels inherited: 0\n");
    const [row] = workspace.query("or.db", "SELECT size_bytes FROM artifacts WHERE run_id = ? AND kind = 'log'", runId);
    expect(row?.size_bytes).toBe(statSync(workspace.path(`.runs/or/output_${runId}.log`)).size);
  }
  expect(await processesGone(workspace.folder)).toEqual([]);
});

test.each(["Endless", "Resting"])("they end with a supervisor that is killed: %s", async (name) => {
  await write(name);
  const running = workspace.start("run", "config.ini", "or.db");
  await started();
  running.kill("SIGKILL");
  await running.finished;
  expect(await processesGone(workspace.folder)).toEqual([]);
});

test("what left the group of a worker that was killed with its supervisor ends with the next command", async () => {
  await write("Resting");
  const running = workspace.start("run", "config.ini", "or.db");
  await started();
  const [worker = 0] = childrenOf(running.pid);
  running.kill("SIGSTOP");
  process.kill(worker, "SIGKILL");
  running.kill("SIGKILL");
  await running.finished;
  await until(() => processesIn(workspace.folder).length === 5, "worker and supervisor to end, and nothing else");
  await write("Net");
  const next = await workspace.run("run", "config.ini", "other.db");
  expect(next.code, next.stderr).toBe(0);
  expect(await processesGone(workspace.folder)).toEqual([]);
});
