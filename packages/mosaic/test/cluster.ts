/** A Slurm of simulated nodes on this machine, as `scripts/slurm-here.sh` starts it, and the processes of its jobs. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { processesIn } from "./workspace.ts";

const scriptFile = join(import.meta.dirname, "../../../scripts/slurm-here.sh");

/** Whether one can be started here. */
export const hasSlurm =
  (existsSync("/usr/sbin/slurmctld") && existsSync("/usr/sbin/munged") && process.getuid?.() === 0) ||
  process.env.REQUIRE_ALL !== undefined;

export type Cluster = ReturnType<typeof startCluster>;

export function startCluster(nodes: number) {
  const folder = temporaryFolder();
  const script = (what: string, ...args: readonly string[]) => slurm("bash", scriptFile, what, folder, ...args);
  script("start", String(nodes));
  process.env.SLURM_CONF = join(folder, "slurm.conf");
  return {
    folder,
    /** slurmctld ends; what runs goes on. */
    leave: () => script("leave"),
    return: () => script("return"),
    stop() {
      script("stop");
      delete process.env.SLURM_CONF;
    },
  };
}

/** @returns what the command prints */
export function slurm(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 60_000 });
}

/** Jobs that have not ended, in lines. */
export function jobsLeft(): string {
  return slurm("squeue", "--noheader", "--format=%A %T %R").trim();
}

export interface WorkerOfJob {
  readonly pid: number;
  readonly job: string;
  readonly node: string;
}

/** The `mosaic worker` of each job that runs with this working folder. */
export function workersOfJobs(folder: string): readonly WorkerOfJob[] {
  return processesIn(folder).flatMap((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      const variables = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      const variable = (name: string) => variables.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
      const job = variable("SLURM_JOB_ID");
      if (job === undefined || !words.includes("worker")) return [];
      return [{ pid, job, node: variable("SLURMD_NODENAME") ?? "" }];
    } catch {
      // It has just ended.
      return [];
    }
  });
}

/** @returns whether it was there */
export function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}
