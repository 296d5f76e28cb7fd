/**
 * What the simulated Slurm of `slurm.test.ts` cannot do: jobs that use up their memory, accounting, limits of accounts. Stand-ins
 * for Slurm's commands: `sbatch` starts the script at once, `squeue` tells what lies in a file.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder, until } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { config, data, net, netModule, openWorkspace, type Workspace } from "./workspace.ts";

const standIns: Readonly<Record<string, string>> = {
  sbatch: `
case "$*" in *--test-only*) if [ -e away ]; then cat away >&2; exit 1; fi; exit 0;; esac
if [ -e refused ]; then cat refused >&2; exit 1; fi
script="\${@: -1}"
id=$(( $(wc -l < jobs) + 1 ))
name=$(sed -n 's/^#SBATCH --job-name=//p' "$script")
echo "$id|$name|RUNNING|node|2026-01-01T00:00:00|None" >> jobs
grep mem= "$script" >> memory
if [ -e slow ]; then sed -i 's/RUNNING/PENDING/' jobs; fi
(while [ -e slow ] && ! [ -e asked ]; do sleep 0.05; done
SLURM_JOB_ID=$id SLURMD_NODENAME=node exec setsid bash "$script") > "job-$id.out" 2>&1 < /dev/null &
echo "$id"`,
  squeue: `
told=$(cat jobs)
if [ -n "$told" ]; then touch asked; while [ -e slow ]; do sleep 0.05; done; fi
echo "$told"`,
  scontrol: "exit 0",
  scancel: 'echo "$*" >> cancelled',
};

// The first job of a run whose width is 3 uses its memory up: the job stops, and Slurm says so.
const hungry = `${netModule}
import { readFileSync, renameSync, writeFileSync } from "node:fs";
export class Hungry extends Net {
  override async saveModel(path: string) {
    await super.saveModel(path);
    const { SLURM_JOB_ID: job = "", MOSAIC_MEMORY_FACTOR: factor } = process.env;
    if (this.first.weight.shape[0] !== 3 || factor === "2" || job === "") return;
    process.kill(process.ppid, "SIGSTOP");
    writeFileSync("stopped", String(process.ppid));
    const jobs = readFileSync("jobs", "utf8").split("\\n");
    writeFileSync("jobs.new", jobs.map((line) => (line.startsWith(job + "|") ? line.replace("RUNNING", "OUT_OF_MEMORY") : line)).join("\\n"));
    renameSync("jobs.new", "jobs");
    process.kill(process.pid, "SIGKILL");
  }
}
`;

let workspace: Workspace;
let before: string | undefined;
beforeEach(async () => {
  const commands = temporaryFolder();
  for (const [name, text] of Object.entries(standIns))
    writeFileSync(join(commands, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
  before = process.env.PATH;
  process.env.PATH = `${commands}:${before}`;
  workspace = await openWorkspace({ "net.ts": hungry });
  await workspace.write("jobs", "");
  const text = config({
    process: { executor: "wasm" },
    sections: { DATA: data, NET: { ...net, class: "Hungry", width: "2, 3" } },
  });
  await workspace.write("config.ini", `${text}\n[SLURM]\nworkers = 1\nmemory = 4G\nask_seconds = 1\n`);
});
afterEach(async () => {
  process.env.PATH = before;
  await workspace.close();
});

test("a run that has used up its memory goes on once in a job with twice as much", async () => {
  const running = workspace.start("run", "config.ini", "or.db");
  await until(() => workspace.exists("stopped"), "the memory to be used up");
  await running.said("used more memory than it may");
  process.kill(Number(await workspace.read("stopped")), "SIGKILL");
  await running.said("with twice the memory");
  const ended = await running.finished;
  expect(ended.code, ended.stderr).toBe(0);
  expect(workspace.statuses("or.db")).toEqual(["done", "done"]);
  expect(workspace.query("or.db", "SELECT 1 FROM run_details WHERE attempts > 0")).toEqual([]);
  expect((await workspace.read("memory")).split("\n")).toContain("#SBATCH --mem=8G");
  // scancel takes one name, unlike squeue: jobs that wait are cancelled under each.
  const names = (await workspace.read("jobs")).matchAll(/^\d+\|([^|]+)/gm).map(([, name = ""]) => name);
  const cancelled = [...new Set(names)].map((name) => `--me --name=${name} --state=PENDING`);
  expect((await workspace.read("cancelled")).trim().split("\n").sort()).toEqual(cancelled.sort());
});

test("a limit of the account is said in Slurm's words, once; it ends mosaic run or is waited for, as the user says", async () => {
  const words = "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy";
  await workspace.write("refused", `${words}\n`);
  await workspace.write("config.ini", (await workspace.read("config.ini")).replace("2, 3", "2"));
  const stopped = await workspace.run("run", "config.ini", "or.db", "SLURM.trouble=stop");
  expect(stopped.code, stopped.stderr).toBe(3);
  expect(stopped.stderr).toContain("Job violates accounting/QOS policy");
  expect(stopped.stderr).toContain("mosaic run config.ini or.db SLURM.trouble=stop --continue");

  // One that never starts; when it is gone, another is to be sent.
  await workspace.write("jobs", "99|mosaic-or|PENDING||N/A|QOSMaxJobsPerUserLimit\n");
  const running = workspace.start("run", "config.ini", "or.db", "--continue");
  await running.said("1 Slurm job waits: QOSMaxJobsPerUserLimit");
  await workspace.write("jobs", "");
  await running.said("Job violates accounting/QOS policy");
  await workspace.startProgram("rm", ["refused"]).finished;
  const ended = await running.finished;
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stderr.match(/violates/g)).toHaveLength(1);
});

test("a job that Slurm has taken once is tried again where it refuses it later; another one is an error", async () => {
  const words = "allocation failure: Requested node configuration is not available";
  await workspace.write("config.ini", (await workspace.read("config.ini")).replace("2, 3", "2"));
  await workspace.write("away", `${words}\n`);
  for (let attempt = 0; attempt < 2; attempt++) {
    const refused = await workspace.run("run", "config.ini", "or.db");
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining(words)]);
  }
  await workspace.startProgram("rm", ["away"]).finished;
  const refusing = workspace.start("run", "config.ini", "or.db");
  await refusing.said("takes runs");
  refusing.kill("SIGKILL");
  await refusing.finished;
  await workspace.write("away", `${words}\n`);
  const running = workspace.start("run", "config.ini", "or.db", "--continue");
  await running.said(`${words}; it is asked again`);
  const ended = await running.finished;
  expect(ended.code, ended.stderr).toBe(0);
});

test("what squeue has found before a worker came is not held against it", async () => {
  await workspace.write("config.ini", (await workspace.read("config.ini")).replace("2, 3", "2, 4, 5, 6"));
  await workspace.write("slow", "");
  const running = workspace.start("run", "config.ini", "or.db");
  await running.said("takes runs");
  await workspace.write("jobs", (await workspace.read("jobs")).replace("PENDING", "RUNNING"));
  await workspace.startProgram("rm", ["slow"]).finished;
  const ended = await running.finished;
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stderr).not.toContain("is gone");
});

test("jobs whose workers may have taken runs of an earlier supervisor do not tell that none can", async () => {
  await workspace.write("config.ini", (await workspace.read("config.ini")).replace("2, 3", "2"));
  const found = (state: string) => [91, 92, 93, 94, 95].map((id) => `${id}|mosaic-or|${state}|node||None\n`).join("");
  await workspace.write("jobs", `${found("RUNNING")}96|mosaic-or|PENDING||N/A|Priority\n`);
  const running = workspace.start("run", "config.ini", "or.db");
  await running.said("1 Slurm job waits: Priority");
  await workspace.write("jobs", found("FAILED"));
  const ended = await running.finished;
  expect(ended.code, ended.stderr).toBe(0);
});
