/** What the machine does to an experiment stops it, and burns none of its runs. */
import { spawnSync } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Fault, openFaults, temporaryFolder, until } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { filesWith, harmed, projects, type TestProject, typescript } from "./projects.ts";
import { config, openWorkspace, type Workspace } from "./workspace.ts";

const bin = join(import.meta.dirname, "../bin/mosaic.ts");
const command = ["run", "config.ini", "or.db"];
let workspace: Workspace;

const networks = {
  TypeScript: `
import { existsSync } from "node:fs";
/** Waits in its first step, until it is let go on. */
export class Waiting extends Net {
  override forward(data: Tensor): Tensor {
    if (this.training) {
      console.log("waits");
      while (!existsSync(new URL("go", import.meta.url))) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
    return super.forward(data);
  }
}
/** Reads from a disk that fails, until it is mended. */
export class Reading extends Net {
  override forward(data: Tensor): Tensor {
    if (this.training && !existsSync(new URL("go", import.meta.url)))
      throw new Error("the table cannot be read", { cause: Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" }) });
    return super.forward(data);
  }
}`,
  Python: `
import errno, time


def may_go_on():
    return os.path.exists(os.path.join(os.path.dirname(__file__), "go"))


class Waiting(Net):
    """Waits in its first step, until it is let go on."""

    def forward(self, data, run_info, module_info):
        if self.training:
            print("waits")
            while not may_go_on():
                time.sleep(0.02)
        return super().forward(data, run_info, module_info)


class Reading(Net):
    """Reads from a disk that fails, until it is mended."""

    def forward(self, data, run_info, module_info):
        if self.training and not may_go_on():
            raise RuntimeError("the table cannot be read") from OSError(errno.EIO, os.strerror(errno.EIO))
        return super().forward(data, run_info, module_info)
`,
};

beforeEach(async () => {
  workspace = await openWorkspace();
});
afterEach(() => workspace.close());

async function write(name = "Net", project: TestProject = typescript): Promise<void> {
  const { data, net, monitor } = project;
  for (const [file, text] of Object.entries(filesWith(project, networks))) await workspace.write(file, text);
  const sections = { DATA: { ...data, size: 4 }, NET: { ...net, class: name, width: "2, 3", layers: 0 } };
  const monitored = { ...monitor, nb_processus: 1 };
  await workspace.write("config.ini", config({ process: { epochs: 1 }, monitor: monitored, sections }));
}

async function expectGoesOn(stopped: Awaited<ReturnType<Workspace["run"]>>, why: string | RegExp): Promise<void> {
  expect(stopped.code, stopped.stderr).toBe(3);
  expect(stopped.stderr).toMatch(why);
  expect(stopped.stderr).toContain(
    "Stopped. All results so far are stored. When the cause is gone, go on with:\n  mosaic run config.ini or.db --continue\n",
  );
  expect(stopped.stderr).not.toMatch(/^ {4}at /m);
  expect(workspace.statuses("or.db")).toEqual(["pending", "pending"]);
  await workspace.write("go", "");
  const finished = await workspace.run(...command, "--continue");
  expect(finished.code, finished.stderr).toBe(0);
  expect(workspace.statuses("or.db")).toEqual(["done", "done"]);
  expect(workspace.query("or.db", "SELECT max(attempts) AS most FROM run_details")).toEqual([{ most: 0 }]);
}

async function runWith(fault: Fault) {
  const faults = openFaults(temporaryFolder());
  const environment = Object.entries(faults.environment(fault)).map((entry) => entry.join("="));
  const ended = await workspace.startProgram("env", [...environment, process.execPath, bin, ...command]).finished;
  expect(faults.outcome().hit, ended.stderr).toMatch(fault.call ?? "");
  return ended;
}

const faults = [
  ["EDQUOT", "write", "the quota of the disk is used up; make room"],
  ["EROFS", "open", "the file system can only be read; mount it for writing"],
  ["EMFILE", "mkdir", "too many files are open; raise the limit (ulimit -n)"],
  ["ESTALE", "rename", "the file system has lost a file that was open; mount it anew"],
] as const;
const ofProjects = harmed.flatMap((project) => faults.map((fault) => [project.language, ...fault, project] as const));

test.each(ofProjects)("modules in %s: %s at %s of a run's files", async (_, kind, call, why, project) => {
  await write("Net", project);
  const stopped = await runWith({ kind, call, at: 1, lasting: true, parts: ["_1.", ".staging"] });
  const files = workspace.path(".runs/or");
  await expectGoesOn(stopped, `\nrun 1 cannot go on: the run files in ${files} cannot be written: ${why}\n`);
});

const mayUnmount = spawnSync("unshare", ["-m", "true"]).status === 0;

test.skipIf(!mayUnmount)("says that /proc is not mounted", async () => {
  await write();
  const hidden = `mount -t tmpfs none /proc && exec ${process.execPath} ${bin} ${command.join(" ")}`;
  const { code, stderr } = await workspace.startProgram("unshare", ["-m", "sh", "-c", hidden]).finished;
  expect(code, stderr).toBe(3);
  expect(stderr).toContain("/proc is not mounted, and without it nobody can tell who else uses a file; mount it");
});

/** Before there is a database that could be gone on with: the same command again. */
test("EMFILE at open of the package's own files is no reason to install it anew", async () => {
  await write();
  const stopped = await runWith({
    kind: "EMFILE",
    call: "open",
    at: 1,
    lasting: true,
    parts: ["src/store/migrations/"],
  });
  expect(stopped.code, stopped.stderr).toBe(3);
  expect(stopped.stderr).toContain("too many files are open; raise the limit (ulimit -n)");
  expect(stopped.stderr).not.toContain("install");
});

test.each([
  ["EIO", "read", "config.ini", /^config\.ini cannot be read: the disk fails to read or write; check it\n/],
  ["EIO", "open", "package.json", /data\.ts cannot be loaded: Cannot read package config .*: i\/o error\./],
  [
    "EROFS",
    "open:create",
    "or.db-journal",
    /or\.db: the database, or .* cannot be opened for writing: the disk fails; check it\n/,
  ],
] as const)("%s at %s of %s, before runs are queued: the same command goes on", async (kind, call, file, why) => {
  await write();
  const stopped = await runWith({ kind, call, at: 1, parts: [`${workspace.folder}/${file}`] });
  expect(stopped.code, stopped.stderr).toBe(3);
  expect(stopped.stderr).toMatch(why);
  expect(stopped.stderr).toMatch(/\nStopped: .*\. Then give the same command again\.\n$/);
  const finished = await workspace.run(...command);
  expect(finished.code, finished.stderr).toBe(0);
  expect(workspace.statuses("or.db")).toEqual(["done", "done"]);
});

test("the disk is full when runs are queued: it says how to go on", async () => {
  await write();
  await workspace.run(...command);
  // After the claim.
  const stopped = await runWith({ kind: "ENOSPC", call: "pwrite64", at: 25, lasting: true, parts: ["or.db-wal"] });
  expect(stopped.code, stopped.stderr).toBe(3);
  expect(stopped.stderr).toMatch(
    /or\.db: the disk is full; make room and go on\nStopped\. .*:\n {2}mosaic .* --continue\n$/,
  );
  const finished = await workspace.run(...command, "--continue");
  expect(finished.code, finished.stderr).toBe(0);
});

test("the socket over which it takes requests cannot be made private: it ends, and can be gone on with", async () => {
  await write();
  const ended = await runWith({ kind: "EROFS", call: "chmod", at: 1, parts: [".sock"] });
  await expectGoesOn(ended, /\nEROFS: read-only file system, chmod '.*\.sock'\n/);
});

test.each(harmed)("modules in $language: the folder of the runs' files is removed while they run", async (project) => {
  await write("Waiting", project);
  const running = workspace.start(...command);
  await until(() => workspace.exists(".runs/or/output_1.log"), "a run");
  await rm(workspace.path(".runs"), { recursive: true });
  await workspace.write("go", "");
  await expectGoesOn(await running.finished, /run 1 cannot go on: .* cannot be written: the folder is gone/);
});

test.each(projects)("modules in $language: what they read lies on a disk that fails", async (project) => {
  await write("Reading", project);
  const stopped = await workspace.run(...command);
  await expectGoesOn(stopped, /run 1 cannot go on: the disk fails to read or write; check it \(/);
});
