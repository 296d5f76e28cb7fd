/** The folders that an experiment's runs write their files to. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { removeUnfinished } from "@ml-mosaic/base";
import type { Experiment } from "../config/index.ts";
import { processDefaults } from "../config/process-options.ts";
import type { Texts } from "../pipelines/pipeline.ts";
import { processParams } from "../pipelines/run-params.ts";
import { claimFilesFolder, filesFolderOf, refuseTakenFolder } from "../run/run-files.ts";
import { databaseFile, type Store } from "../store/index.ts";
import type { Queued } from "./queued.ts";

/**
 * Where a run's files lie; undefined for one that writes none.
 *
 * @param process texts of the run's [PROCESS] options
 * @param folder the configuration file's
 */
export function filesFolderFor(process: Texts, folder: string, database: string): string | undefined {
  const { artifacts = processDefaults.artifacts, run_files_path: path = processDefaults.runFilesPath } = process;
  return artifacts === "none" ? undefined : resolve(filesFolderOf(resolve(folder, path), database));
}

/**
 * Before a new database is made: a refusal leaves nothing behind.
 *
 * @throws MosaicError where the folder belongs to another database
 */
export async function refuseTakenFiles({ process }: Experiment, database: string): Promise<void> {
  if (!existsSync(database) && process.artifacts === "all")
    await refuseTakenFolder(resolve(filesFolderOf(process.runFilesPath, databaseFile(database))), database);
}

/**
 * Before anything is queued: nothing has changed when it is refused.
 *
 * @throws MosaicError where the folder belongs to another database
 */
export async function claimFiles({ process }: Experiment, store: Store): Promise<void> {
  if (process.artifacts === "none") return;
  const folder = resolve(filesFolderOf(process.runFilesPath, store.location));
  await claimFilesFolder(folder, store.location, await databaseIdOf(store));
}

/** Makes the folders that the queued runs write to, and clears away what killed workers have left there. */
export async function prepareFiles(
  store: Store,
  { experimentId, folder }: Pick<Queued, "experimentId" | "folder">,
): Promise<readonly string[]> {
  const folders = new Set<string>();
  for await (const { pipeline, params } of store.runs({ experimentId })) {
    const files = filesFolderFor(processParams(pipeline, params), folder, store.location);
    if (files !== undefined) folders.add(files);
  }
  for (const files of folders) {
    await claimFilesFolder(files, store.location, await databaseIdOf(store));
    await removeUnfinished(files, "any");
  }
  return [...folders];
}

/** A name that stays with the database, whatever its file is called. */
async function databaseIdOf(store: Store): Promise<string> {
  const known = (await store.system()).get("database_id");
  if (known !== undefined) return known;
  const created = randomUUID();
  await store.setSystem("database_id", created);
  return created;
}
