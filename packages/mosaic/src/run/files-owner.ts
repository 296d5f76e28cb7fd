/** Which folder of run files is which database's: each holds a mark with the database's id, and the path it had last. */
import type { Dirent } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { createFile, errorCode, makeFolder, replaceFile } from "@ml-mosaic/base";

export interface FilesOwner {
  readonly databaseId: string;
  /** Where the database was when it last wrote there. */
  readonly path: string;
}

const mark = ".database";

/** undefined too where the mark says nothing: who died before it was whole has written nothing else either. */
export async function ownerOf(folder: string): Promise<FilesOwner | undefined> {
  try {
    const [databaseId = "", path = ""] = (await readFile(join(folder, mark), "utf8")).split("\n");
    return databaseId.trim() === "" ? undefined : { databaseId, path };
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** `<runFilesPath>/<database name without ending>`, which is the folder unless that name was another's. */
export function usualFilesFolder(runFilesPath: string, database: string): string {
  return join(runFilesPath, basename(database, extname(database)));
}

/** The folder in `runFilesPath` whose owner has this id: it keeps its name when the database gets another. */
export async function findFilesFolder(
  runFilesPath: string,
  database: string,
  databaseId: string,
): Promise<string | undefined> {
  const isOwn = async (folder: string) => (await ownerOf(folder))?.databaseId === databaseId;
  const usual = usualFilesFolder(runFilesPath, database);
  if (await isOwn(usual)) return usual;
  for (const entry of await entriesOf(runFilesPath)) {
    const folder = join(runFilesPath, entry.name);
    if (entry.isDirectory() && (await isOwn(folder))) return folder;
  }
  return undefined;
}

/** Makes the folder where there is none, under a name with the start of the id where the usual one is another's. */
export async function claimFilesFolder(runFilesPath: string, database: string, databaseId: string): Promise<string> {
  const owner = { databaseId, path: database };
  const found = await findFilesFolder(runFilesPath, database, databaseId);
  if (found !== undefined) {
    if ((await ownerOf(found))?.path !== database) await writeMark(found, owner, "replace");
    return found;
  }
  const usual = usualFilesFolder(runFilesPath, database);
  for (const folder of [usual, `${usual}-${databaseId.slice(0, 8)}`]) {
    await makeFolder(folder);
    const other = await ownerOf(folder);
    if (other === undefined && (await writeMark(folder, owner, "new"))) return folder;
  }
  return claimFilesFolder(runFilesPath, database, databaseId);
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}

/** Whole and on the disk before it has its name. Returns false where another process was faster. */
async function writeMark(folder: string, { databaseId, path }: FilesOwner, how: "new" | "replace"): Promise<boolean> {
  const target = join(folder, mark);
  const text = `${databaseId}\n${path}\n`;
  // A mark that says nothing is nobody's.
  if (how === "new" && (await readMark(target)) !== "") return createFile(target, text, { durable: true });
  await replaceFile(target, text, { durable: true });
  return true;
}

async function readMark(target: string): Promise<string | undefined> {
  try {
    return (await readFile(target, "utf8")).trim();
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
