/** Deletes what removed runs have left in the folders of run files. */
import { rm } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { messageOf, pathExists } from "@ml-mosaic/base";
import { readExperimentOrigins } from "../experiment/experiment-origin.ts";
import { ownFilesFolder, runFilesPathOf } from "../experiment/files-folders.ts";
import { processParams } from "../pipelines/run-params.ts";
import type { RemovedFile, Store } from "../store/index.ts";

export interface DeletedFiles {
  readonly deleted: number;
  /** Of each file that is still there why, with its name. */
  readonly left: readonly string[];
}

/** To be called by whoever writes to the database: what was killed in the middle is completed. */
export async function deleteRemovedFiles(store: Store): Promise<DeletedFiles> {
  const files = await store.removedFiles();
  if (files.length === 0) return { deleted: 0, left: [] };
  const folders = new Map(
    (await readExperimentOrigins(store)).map(({ experimentId, folder }) => [experimentId, folder]),
  );
  const own = new Map<string, string | undefined>();
  const gone: RemovedFile[] = [];
  const left: string[] = [];
  let deleted = 0;
  for (const file of files) {
    const run = await store.removedRun(file.runId);
    const folder = folders.get(run?.experimentId ?? 0);
    const path =
      run === undefined || folder === undefined
        ? undefined
        : runFilesPathOf(processParams(run.pipeline, run.params), folder);
    if (path !== undefined && !pathExists(path)) {
      // Its disk may come back.
      left.push(`${file.path}: ${path} is not there`);
      continue;
    }
    if (path !== undefined && !own.has(path)) own.set(path, await ownFilesFolder(path, store));
    const ownFolder = path === undefined ? undefined : own.get(path);
    const target = ownFolder === undefined ? undefined : resolve(ownFolder, file.path);
    if (ownFolder === undefined || target === undefined || !isInside(ownFolder, target)) {
      gone.push(file);
      continue;
    }
    try {
      const isThere = pathExists(target);
      await rm(target, { recursive: true, force: true });
      if (isThere) deleted++;
      gone.push(file);
    } catch (error) {
      left.push(`${target}: ${messageOf(error)}`);
    }
  }
  await store.forgetRemovedFiles(gone);
  return { deleted, left };
}

/** What a record names that lies elsewhere is not a run's file. */
function isInside(folder: string, target: string): boolean {
  const path = relative(folder, target);
  return path !== "" && !path.startsWith("..");
}
