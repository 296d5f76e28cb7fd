/** With a stand-in for `sacct`: the Slurm of tests has no accounting. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { accountedJobs, endText, hasEnded, isOver, isOwnFault } from "./jobs.ts";

let before: string | undefined;
beforeEach(() => {
  before = process.env.PATH;
});
afterEach(() => {
  process.env.PATH = before;
});

function standIn(text: string): void {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "sacct"), `#!/bin/bash\n${text}\n`);
  chmodSync(join(folder, "sacct"), 0o755);
  process.env.PATH = `${folder}:${before}`;
}

test("of jobs that squeue has forgotten, accounting says how they have ended", async () => {
  standIn(`
[[ "$*" == *--jobs=7,8,9,10 ]] || exit 1
echo "7|mosaic|PREEMPTED|n1|2026-01-01T00:00:00"
echo "8|mosaic|CANCELLED by 1000|n2|2026-01-01T00:00:00"
echo "9|mosaic|OUT_OF_MEMORY|n2|2026-01-01T00:00:00"
echo "10|mosaic|RUNNING|n3|2026-01-01T00:00:00"`);
  const jobs = await accountedJobs(["7", "8", "9", "10"]);
  const texts = Array.from(jobs.values(), (job) => [job.id, hasEnded(job) ? endText(job) : undefined]);
  expect(texts).toEqual([
    ["7", "it was preempted"],
    ["8", "it was cancelled (by 1000)"],
    ["9", "its job has used more memory than it may (memory of [SLURM])"],
    ["10", undefined],
  ]);
});

test("where there is no accounting, that is an error with Slurm's words", async () => {
  standIn("echo 'Slurm accounting storage is disabled' >&2; exit 1");
  await expect(accountedJobs(["7"])).rejects.toThrow("sacct: Slurm accounting storage is disabled");
});

const job = { id: "7", name: "mosaic", node: "n1", start: "", reason: "None" };

test("a job is over for its worker when none of its processes is there: not while they are being ended", () => {
  const states = ["RUNNING", "SUSPENDED", "COMPLETING", "CANCELLED", "NODE_FAIL", "PENDING", "REQUEUED"];
  expect(states.filter((state) => isOver({ ...job, state }))).toEqual(states.slice(3));
});

test("a job that was taken away does not tell that none of its kind can take runs", () => {
  const states = [
    "FAILED",
    "COMPLETED",
    "OUT_OF_MEMORY",
    "TIMEOUT",
    "CANCELLED",
    "NODE_FAIL",
    "PREEMPTED",
    "BOOT_FAIL",
  ];
  expect(states.filter((state) => isOwnFault({ ...job, state }))).toEqual(states.slice(0, 4));
});
