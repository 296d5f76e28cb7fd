/** What `mosaic status` says about a database, as data. */
import type { EpochRecord } from "@ml-mosaic/training";
import { type ExperimentOrigin, readExperimentOrigins } from "../experiment/experiment-origin.ts";
import { figureOf } from "../figures/run-figures.ts";
import type { Job } from "../slurm/jobs.ts";
import { type MissingProcessor, recordedJobs, recordedMissing } from "../slurm/record.ts";
import type { RunQuery, RunRecord, StoreReader, WriterRecord } from "../store/index.ts";
import { silentSeconds } from "../supervisor/patience.ts";
import { firstErrorLine } from "./first-error-line.ts";

export interface DoneRun {
  readonly runId: number;
  readonly description: string;
  readonly tags: readonly string[];
  readonly trainLoss: number | null;
  readonly testLoss: number | null;
  readonly durationSeconds: number | null;
}

export interface FailedRun {
  readonly runId: number;
  readonly description: string;
  readonly tags: readonly string[];
  readonly message: string;
  readonly stack: string;
}

export interface RunningRun {
  readonly runId: number;
  readonly description: string;
  readonly epoch: number;
  readonly epochs: number | null;
  readonly testLoss: number | null;
  /** null where it cannot be told: before the first epoch, and where nobody works on the run. */
  readonly secondsLeft: number | null;
  /** Since when it shows no sign of progress; null where that is not long, and where nobody works on it. */
  readonly silentSince: Date | null;
}

/** A run with a status that this version does not give, or that waits. */
export interface OtherRun {
  readonly runId: number;
  readonly description: string;
  readonly status: string;
  readonly message: string;
}

/**
 * - `running`: a process works on the database
 * - `crashed`: the one that did is dead, and work is left
 * - `stopped`: nobody works on it, and work is left
 * - `finished`: nothing is left
 * - `unknown`: unfinished runs of the original Mosaic, which does not say whether it runs
 */
export type DatabaseState = "running" | "crashed" | "stopped" | "finished" | "unknown";

export interface StatusReport {
  readonly database: string;
  readonly state: DatabaseState;
  readonly writer: WriterRecord | undefined;
  /** The latest experiment's configuration; undefined for a database of the original Mosaic. */
  readonly origin: ExperimentOrigin | undefined;
  /** Runs of each status that occurs. */
  readonly counts: ReadonlyMap<string, number>;
  /** Runs that were removed. */
  readonly removed: number;
  /** The lists hold the last runs, ascending by id; `counts` says how many there are. */
  readonly done: readonly DoneRun[];
  readonly failed: readonly FailedRun[];
  readonly running: readonly RunningRun[];
  readonly others: readonly OtherRun[];
  /** Those that wait again; `message` says why they came back. */
  readonly returned: readonly OtherRun[];
  /** Of Slurm, as its process was told last. */
  readonly jobs: readonly Job[];
  /** Models of processor that runs wait for, likewise. */
  readonly missing: readonly MissingProcessor[];
}

/** @param limit the most runs of one status to list */
export async function readStatus(reader: StoreReader, limit: number): Promise<StatusReport> {
  const counts = await reader.countByStatus();
  const writer = await reader.writer();
  const lastOf = async <T>(
    status: string,
    describe: (run: RunRecord) => T | Promise<T>,
    which: Pick<RunQuery, "returned"> = {},
  ): Promise<readonly T[]> => {
    if (!counts.has(status)) return [];
    const described: T[] = [];
    for await (const run of reader.runs({ status, last: limit, ...which })) described.push(await describe(run));
    return described;
  };
  const origin = (await readExperimentOrigins(reader)).at(-1);
  const others: OtherRun[] = [];
  for (const status of [...counts.keys()].sort())
    if (!["done", "error", "running", "pending"].includes(status)) others.push(...(await lastOf(status, otherRun)));
  return {
    database: reader.location,
    state: stateOf(counts, writer, origin),
    writer,
    origin,
    counts,
    removed: await reader.countRemoved(),
    done: await lastOf("done", doneRun),
    failed: await lastOf("error", failedRun),
    running: await lastOf("running", async (run) =>
      runningRun(run, await reader.lastEpoch(run.runId), await reader.progressOf(run.runId), writer?.alive === true),
    ),
    others,
    returned: await lastOf("pending", otherRun, { returned: true }),
    jobs: writer?.alive === true ? await recordedJobs(reader) : [],
    missing: writer?.alive === true ? await recordedMissing(reader) : [],
  };
}

/** The report with shorter lists; the running runs all stay. */
export function lastRuns(report: StatusReport, most: number): StatusReport {
  const { done, failed, others, returned } = report;
  return {
    ...report,
    done: done.slice(-most),
    failed: failed.slice(-most),
    others: others.slice(-most),
    returned: returned.slice(-most),
  };
}

function stateOf(
  counts: ReadonlyMap<string, number>,
  writer: WriterRecord | undefined,
  origin: ExperimentOrigin | undefined,
): DatabaseState {
  if (writer?.alive === true) return "running";
  if (!["pending", "running", "paused"].some((status) => counts.has(status))) return "finished";
  if (writer !== undefined) return "crashed";
  return origin === undefined ? "unknown" : "stopped";
}

function doneRun({ runId, description, tags, result }: RunRecord): DoneRun {
  return {
    runId,
    description,
    tags,
    trainLoss: figureOf(result, "train_loss"),
    testLoss: figureOf(result, "test_loss"),
    durationSeconds: figureOf(result, "duration(s)"),
  };
}

function failedRun({ runId, description, tags, returnStatus }: RunRecord): FailedRun {
  const stack = returnStatus ?? "";
  return { runId, description, tags, message: firstErrorLine(stack), stack };
}

function otherRun({ runId, description, status, returnStatus }: RunRecord): OtherRun {
  return { runId, description, status, message: firstErrorLine(returnStatus ?? "") };
}

function runningRun(
  run: RunRecord,
  last: EpochRecord | undefined,
  progressAt: Date | undefined,
  isAlive: boolean,
): RunningRun {
  const { runId, description, params, details } = run;
  const asked = Number(params.find(([name]) => name === "epochs")?.[1] ?? Number.NaN);
  const epochs = Number.isFinite(asked) ? asked : null;
  const epoch = last?.epoch ?? 0;
  // What an earlier attempt has trained took none of the time since this one began.
  const trained = epoch - (details?.resumeEpoch ?? 0);
  const startedAt = details?.startedAt ?? null;
  const secondsLeft =
    isAlive && epochs !== null && startedAt !== null && trained > 0
      ? (Math.max(0, epochs - epoch) * (Date.now() - startedAt.getTime())) / 1000 / trained
      : null;
  const silent = isAlive && progressAt !== undefined && Date.now() - progressAt.getTime() > silentSeconds * 1000;
  const silentSince = silent ? progressAt : null;
  return { runId, description, epoch, epochs, testLoss: last?.validLoss ?? null, secondsLeft, silentSince };
}
