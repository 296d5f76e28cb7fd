import { basename, join } from "node:path";
import { countText, machineTrouble, pathExists } from "@ml-mosaic/base";
import type { MonitorSection } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { processParams } from "../pipelines/run-params.ts";
import { isProgram } from "../program/options.ts";
import { filesName } from "../program/program-files.ts";
import { fileDigest } from "../run/run-files.ts";
import { snapshotName } from "../run/save-run.ts";
import { readSnapshotEpochs } from "../run/snapshot-header.ts";
import { idRanges } from "../selection/id-ranges.ts";
import type { Artifact, RunRecord, Store } from "../store/index.ts";
import { filesFoldersIn, runFilesPathOf } from "./files-folders.ts";
import { commonOrigin, originsOf, type Requeued, requeue } from "./requeue.ts";

export interface Rerun extends Requeued {
  /** Runs that are trained further. */
  readonly continued: readonly number[];
  /** How many start again. */
  readonly restarted: number;
  /** How many of them never had a result, so that they take as many epochs as they were asked for. */
  readonly anew: number;
}

export interface RerunOptions {
  /** To add to each run's latest result; undefined: as many as it was to be trained. */
  readonly epochs: number | undefined;
  readonly acceptCode: boolean;
}

/**
 * Queues runs to be trained further, from where they ended; failed and unfinished ones start again. Those that wait to be
 * trained further already get the number of epochs that is said now.
 *
 * @throws MosaicError where runs have no snapshot to go on from, or have more epochs already, before anything changes
 */
export async function queueRerun(
  store: Store,
  runIds: readonly number[],
  monitor: MonitorSection,
  { epochs, acceptCode }: RerunOptions,
): Promise<Rerun> {
  const runs = await Array.fromAsync(store.runs({ runIds }));
  refuseForeign(runs);
  const done = runs.filter(({ status }) => status === "done");
  await requireSnapshots(store, done, await folderOf(store, runs));
  const waiting = epochs === undefined ? [] : await waitingFurther(store, runs);
  const again = waiting.map(({ run, had }) => ({ run, had, epochs: had + (epochs ?? 0) }));
  refuseFewer(again);
  const requeued = await requeue(
    store,
    runs.map(({ runId }) => runId),
    monitor,
    {
      acceptCode,
      continuations: [
        ...done.map((run) => continuationOf(run, epochs)),
        ...again.map(({ run, epochs }) => ({ runId: run.runId, epochs })),
      ],
    },
  );
  const continued = runs.filter((run) => run.status === "done" || goesOn(run)).map(({ runId }) => runId);
  const restarted = runs.length - continued.length;
  const withResult = again.filter(({ run }) => !goesOn(run)).length;
  return { ...requeued, continued, restarted, anew: restarted - withResult };
}

/**
 * Gives runs that wait to be trained further, or have failed since they were to be, the result back that they had.
 *
 * @returns the runs that are done again; all others stay as they are
 * @throws MosaicError where what they have left is not what belongs to that result, before anything changes
 */
export async function takeBackRerun(store: Store, runIds: readonly number[]): Promise<readonly number[]> {
  const runs = await Array.fromAsync(store.runs({ runIds }));
  refuseForeign(runs);
  const waiting = await waitingFurther(store, runs);
  const beyond = waiting.filter(({ run, had }) => run.details?.resumeEpoch !== had);
  if (beyond.length > 0)
    throw new MosaicError(
      "TRAINED_SINCE",
      `the files that belong to their results are gone for runs that have been trained since: ${idRanges(beyond.map(({ run }) => run.runId))}. Train them to another number of epochs, by --epochs, or remove them, by mosaic remove, and train them anew`,
    );
  const taken = waiting.map(({ run }) => run);
  if (taken.length > 0) await requireSnapshots(store, taken, await folderOf(store, taken));
  const ids = taken.map(({ runId }) => runId);
  await store.takeBackContinuations(ids);
  return ids;
}

interface WaitingFurther {
  readonly run: RunRecord;
  /** Epochs of its latest result. */
  readonly had: number;
}

/** Of these runs those that have lost their result to a training that has not ended well. */
async function waitingFurther(store: Store, runs: readonly RunRecord[]): Promise<readonly WaitingFurther[]> {
  const waiting: WaitingFurther[] = [];
  for (const run of runs) {
    if (run.status === "done") continue;
    const had = (await store.earlierResults(run.runId)).at(-1)?.result.epochs;
    if (typeof had === "number") waiting.push({ run, had });
  }
  return waiting;
}

/** Whether a run that is not done goes on from its snapshot. */
function goesOn({ status, details }: RunRecord): boolean {
  return status !== "done" && status !== "error" && details?.fromSnapshot === true;
}

function refuseFewer(again: readonly (WaitingFurther & { readonly epochs: number })[]): void {
  const lines = again.flatMap(({ run, had, epochs }) => {
    const trained = run.details?.resumeEpoch ?? 0;
    if (!goesOn(run) || epochs > trained) return [];
    return [
      `run ${run.runId} has been trained to epoch ${trained} since its result of ${countText(had, "epoch")}, to which --epochs adds: at least ${trained + 1 - had} must be added`,
    ];
  });
  if (lines.length === 0) return;
  const more = lines.length > mostNamed ? `\nand ${lines.length - mostNamed} more` : "";
  throw new MosaicError(
    "TRAINED_SINCE",
    `${lines.slice(0, mostNamed).join("\n")}${more}\nGive more epochs, or remove such runs, by mosaic remove, and train them anew`,
  );
}

/** Where the paths of the runs' modules and files start. */
async function folderOf(store: Store, runs: readonly RunRecord[]): Promise<string> {
  return commonOrigin(await originsOf(store, new Set(runs.map(({ details }) => details?.experimentId)))).folder;
}

function refuseForeign(runs: readonly RunRecord[]): void {
  const foreign = runs.filter(({ details }) => details === null).map(({ runId }) => runId);
  if (foreign.length > 0)
    throw new MosaicError(
      "FOREIGN_RUNS",
      `runs of the original Mosaic cannot be trained further: ${foreign.join(", ")}; they have kept nothing to go on from. Train their classes anew by mosaic run`,
    );
}

function continuationOf({ runId, result, pipeline, params }: RunRecord, epochs: number | undefined) {
  const added = epochs ?? Number(processParams(pipeline, params).epochs);
  return { runId, epochs: (result?.epochs ?? 0) + added };
}

/** Before anything changes: a run without its snapshot would be trained anew, which is not what was asked for. */
async function requireSnapshots(store: Store, runs: readonly RunRecord[], folder: string): Promise<void> {
  const without: number[] = [];
  const bad: string[] = [];
  const folders = new Map<string, readonly string[]>();
  for (const { runId, pipeline, params } of runs) {
    const path = runFilesPathOf(processParams(pipeline, params), folder);
    if (path === undefined) {
      without.push(runId);
      continue;
    }
    if (!folders.has(path)) folders.set(path, await filesFoldersIn(path, store));
    const isOfProgram = pipeline?.modules.some(isProgram) === true;
    const name = isOfProgram ? filesName(runId) : snapshotName(runId);
    const snapshots = (folders.get(path) ?? []).map((files) => join(files, name));
    const snapshot = snapshots.find((file) => pathExists(file)) ?? snapshots[0] ?? "";
    if (isOfProgram) {
      if (!pathExists(snapshot)) bad.push(`run ${runId}: ${snapshot}, the folder of its program, is missing`);
      continue;
    }
    await requireSnapshot(snapshot, await store.artifacts(runId)).catch((error: unknown) => {
      if (!(error instanceof MosaicError) || machineTrouble(error) !== undefined) throw error;
      bad.push(`run ${runId}: ${error.message}`);
    });
  }
  if (without.length > 0)
    throw new MosaicError(
      "NO_SNAPSHOT",
      `${without.length === 1 ? "run" : "runs"} ${idRanges(without)} kept no snapshot to go on from: the configuration said artifacts = none. Train anew with artifacts = all, by mosaic run`,
    );
  if (bad.length === 0) return;
  const more = bad.length > mostNamed ? `\nand ${bad.length - mostNamed} more` : "";
  throw new MosaicError(
    "NO_SNAPSHOT",
    `there is no snapshot to go on from for ${countText(bad.length, "run")}:\n${bad.slice(0, mostNamed).join("\n")}${more}\nPut the files back, or leave these runs out`,
  );
}

async function requireSnapshot(path: string, artifacts: readonly Artifact[]): Promise<void> {
  await readSnapshotEpochs(path);
  const written = artifacts.find((artifact) => artifact.path === basename(path))?.sha256;
  if (written !== undefined && written !== (await fileDigest(path)))
    throw new MosaicError("BAD_SNAPSHOT", `${path} is not as the run wrote it: it is damaged, or another run's`);
}

const mostNamed = 10;
