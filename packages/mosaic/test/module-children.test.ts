/** Modules that start processes of their own. */
import { statSync } from "node:fs";
import { until } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { filesWith, harmed, projects, type TestProject } from "./projects.ts";
import { childrenOf, config, openWorkspace, processesGone, processesIn, type Workspace } from "./workspace.ts";

let workspace: Workspace;

const networks = {
  TypeScript: `
import { execSync, spawn } from "node:child_process";
import { existsSync, readlinkSync } from "node:fs";
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
  Python: `
import glob, subprocess, time


class Parent(Net):
    def save_model(self, path):
        subprocess.run("echo from a child; echo and its error >&2", shell=True)
        channels = [os.readlink(file) for file in glob.glob("/proc/self/fd/*") if os.path.lexists(file)]
        listed = subprocess.run(["ls", "-l", "/proc/self/fd"], close_fds=False, stdout=subprocess.PIPE, text=True).stdout
        print("channels inherited:", sum("socket" in channel and channel in listed for channel in channels))
        silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.Popen(["sleep", "1000"], **silent)
        subprocess.Popen(["sleep", "1000"])
        subprocess.Popen(["sleep", "1000"], start_new_session=True, **silent)
        subprocess.run("setsid sh -c 'sleep 1000 & sleep 1000 &'", shell=True, **silent)
        super().save_model(path)


class Endless(Parent):
    def save_model(self, path):
        super().save_model(path)
        while True:
            pass


class Resting(Parent):
    def save_model(self, path):
        super().save_model(path)
        time.sleep(1e8)
`,
};

beforeEach(async () => {
  workspace = await openWorkspace();
});
afterEach(() => workspace.close());

/** The supervisor, its worker, the process that may be the run's, and five that the module has started. */
const started = ({ forks }: TestProject) => {
  const count = forks ? 8 : 7;
  return until(() => processesIn(workspace.folder).length === count, "the module to start its processes");
};

async function write(name: string, project: TestProject): Promise<void> {
  const { data, net, monitor } = project;
  for (const [file, text] of Object.entries(filesWith(project, networks))) await workspace.write(file, text);
  const sections = { DATA: data, NET: { ...net, class: name, width: "2, 3" } };
  await workspace.write("config.ini", config({ monitor: { ...monitor, nb_processus: 1 }, sections }));
}

const named = "modules in $language: ";

test.each(projects)(
  `${named}what they print is in the log of their run, and they end with the worker`,
  async (project) => {
    await write("Parent", project);
    const finished = await workspace.run("run", "config.ini", "or.db");
    expect(finished.code, finished.stderr).toBe(0);
    expect(finished.stdout + finished.stderr).not.toContain("from a child");
    for (const runId of [1, 2]) {
      const log = await workspace.read(`.runs/or/output_${runId}.log`);
      expect(log.match(/from a child\nand its error\n/g)).toHaveLength(1);
      // None of those between the worker and its supervisor.
      expect(log).toContain("\nchannels inherited: 0\n");
      const [row] = workspace.query(
        "or.db",
        "SELECT size_bytes FROM artifacts WHERE run_id = ? AND kind = 'log'",
        runId,
      );
      expect(row?.size_bytes).toBe(statSync(workspace.path(`.runs/or/output_${runId}.log`)).size);
    }
    expect(await processesGone(workspace.folder)).toEqual([]);
  },
);

const killed = harmed.flatMap((project) =>
  ["Endless", "Resting"].map((name) => [project.language, name, project] as const),
);

test.each(killed)("modules in %s: they end with a supervisor that is killed: %s", async (_, name, project) => {
  await write(name, project);
  const running = workspace.start("run", "config.ini", "or.db");
  await started(project);
  running.kill("SIGKILL");
  await running.finished;
  expect(await processesGone(workspace.folder)).toEqual([]);
});

test.each(harmed)(
  `${named}what left the group of a worker that was killed with its supervisor ends with the next command`,
  async (project) => {
    await write("Resting", project);
    const running = workspace.start("run", "config.ini", "or.db");
    await started(project);
    const [worker = 0] = childrenOf(running.pid);
    running.kill("SIGSTOP");
    process.kill(worker, "SIGKILL");
    running.kill("SIGKILL");
    await running.finished;
    await until(() => processesIn(workspace.folder).length === 5, "worker and supervisor to end, and nothing else");
    await write("Net", project);
    const next = await workspace.run("run", "config.ini", "other.db");
    expect(next.code, next.stderr).toBe(0);
    expect(await processesGone(workspace.folder)).toEqual([]);
  },
);
