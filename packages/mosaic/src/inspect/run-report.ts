/** Everything that is known about one run, as data. */

import { open, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { isSystemError } from "@ml-mosaic/base";
import { processDefaults } from "../config/process-options.ts";
import { MosaicError } from "../errors.ts";
import { type ExperimentOrigin, readExperimentOrigins } from "../experiment/experiment-origin.ts";
import { filesFoldersIn } from "../experiment/files-folders.ts";
import { processParams } from "../pipelines/run-params.ts";
import type { Artifact, EarlierResult, RunRecord, StoreReader } from "../store/index.ts";

export interface RunFile extends Artifact {
  readonly isMissing: boolean;
}

export interface RunReport {
  readonly run: RunRecord;
  /** Results that it had before it was trained further, the oldest first. */
  readonly earlierResults: readonly EarlierResult[];
  /** Where the files lie; undefined for a run of the original Mosaic, which does not say it. */
  readonly filesFolder: string | undefined;
  readonly files: readonly RunFile[];
  /** The log's last lines; undefined where there is no log. */
  readonly logTail: readonly string[] | undefined;
  /** undefined for a run of the original Mosaic. */
  readonly origin: ExperimentOrigin | undefined;
}

const logLines = 10;

/** What a run's log is called in its folder of files. */
export function logFile(runId: number): string {
  return `output_${runId}.log`;
}

export async function readRunReport(reader: StoreReader, runId: number): Promise<RunReport> {
  const [run] = await Array.fromAsync(reader.runs({ runIds: [runId], withHistory: true }));
  if (run === undefined) throw await noSuchRun(reader, runId);
  const origins = await readExperimentOrigins(reader);
  const origin = origins.find(({ experimentId }) => experimentId === run.details?.experimentId);
  const artifacts = await reader.artifacts(runId);
  const filesFolder = origin === undefined ? undefined : await filesFolderIn(run, artifacts, origin, reader);
  return {
    run,
    earlierResults: await reader.earlierResults(runId),
    filesFolder,
    files: await Promise.all(artifacts.map((artifact) => checkFile(artifact, filesFolder))),
    logTail: filesFolder === undefined ? undefined : await tailOf(join(filesFolder, logFile(runId)), logLines),
    origin,
  };
}

export async function noSuchRun(reader: StoreReader, runId: number): Promise<MosaicError> {
  const removed = await reader.removedRun(runId);
  if (removed !== undefined) {
    const { description, status, removedAt, isRestored } = removed;
    const what = `${description}, ${status === "error" ? "failed" : status}`;
    return new MosaicError(
      "NO_RUN_SELECTED",
      `run ${runId} (${what}) was removed on ${removedAt.toISOString().slice(0, 10)}${isRestored ? ", and has been trained again under another id since" : ""}`,
    );
  }
  const ids = await reader.runIds();
  const known = ids.length === 0 ? "has no runs" : `has runs ${ids[0]} to ${ids.at(-1)}`;
  return new MosaicError("NO_RUN_SELECTED", `there is no run ${runId}; the database ${known}`);
}

/** Of the folders that may have them the one that does. */
async function filesFolderIn(
  { pipeline, params }: RunRecord,
  artifacts: readonly Artifact[],
  { folder }: ExperimentOrigin,
  reader: StoreReader,
): Promise<string> {
  const { run_files_path: path = processDefaults.runFilesPath } = processParams(pipeline, params);
  const [own = "", ...others] = await filesFoldersIn(resolve(folder, path), reader);
  for (const files of [own, ...others])
    for (const artifact of artifacts) if (await isFile(join(files, artifact.path))) return files;
  return own;
}

async function checkFile(artifact: Artifact, folder: string | undefined): Promise<RunFile> {
  return { ...artifact, isMissing: folder === undefined || !(await isFile(join(folder, artifact.path))) };
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}

/** The end of a file, however long it is. */
async function tailOf(path: string, count: number): Promise<readonly string[] | undefined> {
  if (!(await isFile(path))) return undefined;
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - tailBytes);
    const bytes = Buffer.alloc(Math.min(size, tailBytes));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
    const lines = bytes.toString("utf8", 0, bytesRead).trimEnd().split("\n");
    // The first line of the piece may have lost its beginning.
    const whole = start > 0 && lines.length > 1 ? lines.slice(1) : lines;
    return whole.slice(-count);
  } finally {
    await file.close();
  }
}

const tailBytes = 16 * 1024;
