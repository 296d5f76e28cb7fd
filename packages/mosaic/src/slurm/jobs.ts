/** The jobs of one spool folder, as squeue tells of them. */
import { slurm } from "./commands.ts";

export interface Job {
  /** As in SLURM_JOB_ID of the job itself. */
  readonly id: string;
  readonly name: string;
  /** As Slurm writes it, such as RUNNING. */
  readonly state: string;
  /** Why it waits, or has ended. */
  readonly reason: string;
  readonly node: string;
  readonly start: string;
}

const format = "%A|%j|%T|%N|%S|%r";

/** Those that have ended are there too, for some minutes. */
export async function jobsOf(...names: readonly string[]): Promise<readonly Job[]> {
  const { out } = await slurm("squeue", [
    "--noheader",
    "--array",
    "--me",
    "--states=all",
    `--name=${names.join(",")}`,
    `--format=${format}`,
  ]);
  return out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [id = "", name = "", state = "", node = "", start = "", ...reason] = line.split("|");
      return { id, name, state, node, start, reason: reason.join("|") };
    });
}

/**
 * What accounting knows of jobs that squeue has forgotten.
 *
 * @throws MosaicError where there is none
 */
export async function accountedJobs(ids: readonly string[]): Promise<ReadonlyMap<string, Job>> {
  const options = ["--noheader", "--parsable2", "--allocations", "--format=JobIDRaw,JobName,State,NodeList,Start"];
  const { out } = await slurm("sacct", [...options, `--jobs=${ids.join(",")}`]);
  const jobs = out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [id = "", name = "", said = "", node = "", start = ""] = line.split("|");
      // Such as CANCELLED by 1000.
      const [state = "", ...reason] = said.split(" ");
      return { id, name, state, node, start, reason: reason.join(" ") };
    });
  return new Map(jobs.map((job) => [job.id, job]));
}

const ended = new Set([
  "BOOT_FAIL",
  "CANCELLED",
  "COMPLETED",
  "COMPLETING",
  "DEADLINE",
  "FAILED",
  "NODE_FAIL",
  "OUT_OF_MEMORY",
  "PREEMPTED",
  "REVOKED",
  "TIMEOUT",
]);

/** Waiting, also to be requeued. */
const waiting = new Set(["PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT"]);

export function isWaiting({ state }: Job): boolean {
  return waiting.has(state);
}

/** Its processes may still be there, and be asked to end. */
export function hasEnded({ state }: Job): boolean {
  return ended.has(state);
}

/** Whether none of its processes is there any more. */
export function isOver(job: Job): boolean {
  return isWaiting(job) || (hasEnded(job) && job.state !== "COMPLETING");
}

const takenAway = new Set(["BOOT_FAIL", "CANCELLED", "NODE_FAIL", "PREEMPTED", "REVOKED"]);

/** Whether a job has ended by what it did, and another one of its kind would do. */
export function isOwnFault({ state }: Job): boolean {
  return !takenAway.has(state);
}

/** Why a job no longer runs, in words. */
export function endText({ state, reason }: Job): string {
  const said: Readonly<Record<string, string>> = {
    CANCELLED: "it was cancelled",
    COMPLETED: "its job has ended",
    FAILED: "its job has failed",
    NODE_FAIL: "its node has failed",
    OUT_OF_MEMORY: "its job has used more memory than it may (memory of [SLURM])",
    PREEMPTED: "it was preempted",
    TIMEOUT: "its time was over",
  };
  const more = reason === "" || reason === "None" ? "" : ` (${reason})`;
  return `${said[state] ?? (waiting.has(state) ? "its job was requeued" : `its job is ${state}`)}${more}`;
}
