/** The folders that an experiment's runs write their files to. */
import { randomUUID } from "node:crypto";
import { copyFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { machineTrouble, pathExists, removeUnfinished, replaceFiles } from "@ml-mosaic/base";
import { processDefaults } from "../config/process-options.ts";
import type { Texts } from "../pipelines/pipeline.ts";
import { processParams } from "../pipelines/run-params.ts";
import { endFences, openFences } from "../run/fence.ts";
import { claimFilesFolder, findFilesFolder, ownerOf, usualFilesFolder } from "../run/files-owner.ts";
import {
  databaseFile,
  openSqliteReader,
  type RunRecord,
  type Store,
  StoreError,
  type StoreReader,
} from "../store/index.ts";
import type { Queued } from "./queued.ts";

/** Folder that holds a folder of run files for each database; undefined for a run that writes none. */
export function runFilesPathOf(process: Texts, folder: string): string | undefined {
  const { artifacts = processDefaults.artifacts, run_files_path: path = processDefaults.runFilesPath } = process;
  return artifacts === "none" ? undefined : resolve(folder, path);
}

/** Where files of the database's runs may lie: its own folder first, then those of databases that it is a copy of. */
export async function filesFoldersIn(runFilesPath: string, reader: StoreReader): Promise<readonly string[]> {
  const { own, originals } = await readDatabaseIds(reader);
  const found: string[] = [];
  for (const id of [own, ...originals]) {
    const folder = id === undefined ? undefined : await findFilesFolder(runFilesPath, reader.location, id);
    if (folder !== undefined) found.push(folder);
  }
  return found.length > 0 ? found : [usualFilesFolder(runFilesPath, reader.location)];
}

/**
 * The folder of the database's own files, from which runs that are removed may be deleted; undefined where there is none, or
 * where it is still the one of the database that this is a copy of.
 */
export async function ownFilesFolder(runFilesPath: string, reader: StoreReader): Promise<string | undefined> {
  const { own } = await readDatabaseIds(reader);
  if (own === undefined || (await isCopy(reader.location, own, [runFilesPath]))) return undefined;
  return findFilesFolder(runFilesPath, reader.location, own);
}

export interface FilesFolders {
  /** Where a run writes its files; undefined for one that writes none. */
  of(process: Texts): string | undefined;
  /** All of them. */
  readonly paths: readonly string[];
  /** Stays with the database, whatever it is called. */
  readonly databaseId: string;
  /** Removes what is half-written. @param owners "any" where nobody writes there any more, and who still wakes must not */
  clear(owners: "gone" | "any"): Promise<void>;
}

/** Makes the folders that the queued runs write to, and clears away what killed workers have left there. */
export async function openFilesFolders(
  store: Store,
  { experimentId, folder }: Pick<Queued, "experimentId" | "folder">,
  say: (line: string) => void,
  unfinishedOf: "gone" | "any" = "any",
): Promise<FilesFolders> {
  const paths = new Set<string>();
  const goingOn: RunRecord[] = [];
  for await (const run of store.runs({ experimentId })) {
    const path = runFilesPathOf(processParams(run.pipeline, run.params), folder);
    if (path === undefined) continue;
    paths.add(path);
    if (run.details?.fromSnapshot) goingOn.push(run);
  }
  const id = await ownIdOf(store, paths);
  const folders = new Map<string, string>();
  for (const path of paths) {
    const files = await claimFilesFolder(path, store.location, id);
    folders.set(path, files);
    const usual = usualFilesFolder(path, store.location);
    const other = files === usual ? undefined : await ownerOf(usual);
    if (other !== undefined) say(otherFilesNote(usual, other.path, store.location, files));
  }
  const of = (process: Texts) => folders.get(runFilesPathOf(process, folder) ?? "");
  const clear = async (owners: "gone" | "any") => {
    for (const files of folders.values()) {
      await removeUnfinished(files, owners);
      if (owners === "any") await endFences(files, await store.lastToken());
    }
  };
  await clear(unfinishedOf);
  if (unfinishedOf === "gone") for (const files of folders.values()) await openFences(files, await store.lastToken());
  for (const run of goingOn) await fetchFiles(store, run, folder, of);
  return { of, paths: [...folders.values()], databaseId: id, clear };
}

function otherFilesNote(usual: string, owner: string, database: string, files: string): string {
  const whose =
    databaseFile(owner) === database ? "an earlier database of this path" : `another database of this name (${owner})`;
  return `${usual} holds the run files of ${whose}, and is left as it is; those of this one are in ${files}`;
}

/** A run of a copy goes on from files of the original, which are copied: what it writes is its own. */
async function fetchFiles(
  store: Store,
  { runId, pipeline, params }: RunRecord,
  folder: string,
  of: FilesFolders["of"],
): Promise<void> {
  const process = processParams(pipeline, params);
  const path = runFilesPathOf(process, folder);
  const own = of(process);
  if (path === undefined || own === undefined) return;
  const sources = (await filesFoldersIn(path, store)).filter((files) => files !== own);
  for (const { path: name } of await store.artifacts(runId)) {
    const source = sources.map((files) => join(files, name)).find((file) => pathExists(file));
    if (source === undefined || pathExists(join(own, name))) continue;
    await replaceFiles([join(own, name)], ([temporary = ""]) => copyFile(source, temporary));
  }
}

interface DatabaseIds {
  readonly own: string | undefined;
  /** Of the databases that it was copied from, the last one first. */
  readonly originals: readonly string[];
}

async function readDatabaseIds(reader: StoreReader): Promise<DatabaseIds> {
  const system = await reader.system();
  return { own: system.get("database_id"), originals: system.get("copy_of")?.split(" ") ?? [] };
}

/** The id that stays with the database, whatever its file is called. A plain copy of the file gets one of its own. */
async function ownIdOf(store: Store, runFilesPaths: Iterable<string>): Promise<string> {
  const { own, originals } = await readDatabaseIds(store);
  if (own !== undefined && !(await isCopy(store.location, own, runFilesPaths))) return own;
  if (own !== undefined) await store.setSystem("copy_of", [own, ...originals].join(" "));
  const id = randomUUID();
  await store.setSystem("database_id", id);
  return id;
}

/** Whether the database that wrote the files is still where it was, under the same id. */
async function isCopy(location: string, id: string, runFilesPaths: Iterable<string>): Promise<boolean> {
  for (const path of runFilesPaths) {
    const folder = await findFilesFolder(path, location, id);
    const owner = folder === undefined ? undefined : await ownerOf(folder);
    if (owner === undefined || databaseFile(owner.path) === location || !pathExists(owner.path)) continue;
    if ((await idIn(owner.path)) === id) return true;
  }
  return false;
}

/** undefined for what is no database any more. */
async function idIn(database: string): Promise<string | undefined> {
  try {
    const reader = await openSqliteReader(database);
    try {
      return (await readDatabaseIds(reader)).own;
    } finally {
      await reader.close();
    }
  } catch (error) {
    if (error instanceof StoreError && machineTrouble(error) === undefined) return undefined;
    throw error;
  }
}
