/** What removing runs will take away, as data. */
import { readdir } from "node:fs/promises";
import { readExperimentOrigins } from "../experiment/experiment-origin.ts";
import { ownFilesFolder, runFilesPathOf } from "../experiment/files-folders.ts";
import { processParams } from "../pipelines/run-params.ts";
import type { Removal, StoreReader } from "../store/index.ts";
import { isFileOf, namesByRun } from "./run-file-names.ts";

export interface PlannedRemoval {
  readonly removals: readonly Removal[];
  /** How many runs of each pipeline there are of each status, in the order of their ids. */
  readonly pipelines: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly files: number;
  readonly bytes: number;
  /** Files that are recorded and stay, because they lie in no folder of this database's own. */
  readonly foreignFiles: number;
}

export async function planRemoval(reader: StoreReader, runIds: readonly number[]): Promise<PlannedRemoval> {
  const folders = new Map(
    (await readExperimentOrigins(reader)).map(({ experimentId, folder }) => [experimentId, folder]),
  );
  const own = new Map<string, OwnFiles | undefined>();
  const removals: Removal[] = [];
  const pipelines = new Map<string, Map<string, number>>();
  let files = 0;
  let bytes = 0;
  let foreignFiles = 0;
  for await (const { runId, status, description, pipeline, params, details } of reader.runs({ runIds })) {
    const counts = pipelines.get(description) ?? new Map<string, number>();
    pipelines.set(description, counts.set(status, (counts.get(status) ?? 0) + 1));
    const folder = folders.get(details?.experimentId ?? 0);
    const path = folder === undefined ? undefined : runFilesPathOf(processParams(pipeline, params), folder);
    if (path !== undefined && !own.has(path)) own.set(path, await readOwnFiles(path, reader));
    const ofPath = path === undefined ? undefined : own.get(path);
    const artifacts = await reader.artifacts(runId);
    if (ofPath === undefined) {
      foreignFiles += artifacts.length;
      removals.push({ runId, files: [] });
      continue;
    }
    const recorded = artifacts.filter((artifact) => ofPath.names.has(artifact.path.split("/")[0] ?? ""));
    const others = (ofPath.byRun.get(runId) ?? []).filter((name) => isFileOf(name, runId, pipeline));
    const all = new Set([...recorded.map((artifact) => artifact.path), ...others]);
    removals.push({ runId, files: [...all] });
    files += all.size;
    bytes += recorded.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }
  return { removals, pipelines, files, bytes, foreignFiles };
}

interface OwnFiles {
  readonly names: ReadonlySet<string>;
  readonly byRun: ReadonlyMap<number, readonly string[]>;
}

async function readOwnFiles(runFilesPath: string, reader: StoreReader): Promise<OwnFiles | undefined> {
  const folder = await ownFilesFolder(runFilesPath, reader);
  if (folder === undefined) return undefined;
  const names = new Set(await readdir(folder));
  return { names, byRun: namesByRun(names) };
}
