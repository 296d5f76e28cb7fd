import { basename, join } from "node:path";
import { countText, machineTrouble, pathExists } from "@ml-mosaic/base";
import type { MonitorSection } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { processParams } from "../pipelines/run-params.ts";
import { fileDigest } from "../run/run-files.ts";
import { snapshotName } from "../run/save-run.ts";
import { readSnapshotEpochs } from "../run/snapshot-header.ts";
import { idRanges } from "../selection/id-ranges.ts";
import type { Artifact, Continuation, RunRecord, Store } from "../store/index.ts";
import { filesFoldersIn, runFilesPathOf } from "./files-folders.ts";
import { commonOrigin, originsOf, type Requeued, requeue } from "./requeue.ts";

export interface Rerun extends Requeued {
  /** How many are trained further. */
  readonly continued: number;
  /** How many start again. */
  readonly restarted: number;
}

export interface RerunOptions {
  /** To add; undefined: as many as each run was to be trained. */
  readonly epochs: number | undefined;
  readonly acceptCode: boolean;
}

/**
 * Queues runs to be trained further, from where they ended; failed and unfinished ones start again.
 *
 * @throws MosaicError where runs have no snapshot to go on from, before anything changes
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
  const { folder } = commonOrigin(await originsOf(store, new Set(runs.map(({ details }) => details?.experimentId))));
  await requireSnapshots(store, done, folder);
  const continuations = done.map((run) => continuationOf(run, epochs));
  const requeued = await requeue(
    store,
    runs.map(({ runId }) => runId),
    monitor,
    { acceptCode, continuations },
  );
  return { ...requeued, continued: done.length, restarted: runs.length - done.length };
}

function refuseForeign(runs: readonly RunRecord[]): void {
  const foreign = runs.filter(({ details }) => details === null).map(({ runId }) => runId);
  if (foreign.length > 0)
    throw new MosaicError(
      "FOREIGN_RUNS",
      `runs of the original Mosaic cannot be trained further: ${foreign.join(", ")}; their modules are Python`,
    );
}

function continuationOf({ runId, result, pipeline, params }: RunRecord, epochs: number | undefined): Continuation {
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
    const snapshots = (folders.get(path) ?? []).map((files) => join(files, snapshotName(runId)));
    const snapshot = snapshots.find((file) => pathExists(file)) ?? snapshots[0] ?? "";
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
