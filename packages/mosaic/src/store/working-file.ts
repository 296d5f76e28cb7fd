/** The file that SQLite works on, of a database that lies where SQLite cannot: in a folder of this machine. */
import { hash } from "node:crypto";
import { copyFile, open, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { errorCode, pathExists, replaceFile, unfinishedName } from "@ml-mosaic/base";
import { makePrivateFolder } from "../control/private-folder.ts";
import { fileSystemOf } from "./network-file-system.ts";
import { storeErrorFrom } from "./sqlite-error.ts";
import { StoreError } from "./store-error.ts";

/** @throws StoreError where this folder is no local one either */
export async function workingFileOf(location: string): Promise<string> {
  const folder =
    process.env.MOSAIC_WORKING_FOLDER || join(tmpdir(), `mosaic-${process.getuid?.() ?? "user"}`, "working");
  await makePrivateFolder(folder);
  const { kind, name } = fileSystemOf(folder);
  if (kind === "network")
    throw new StoreError(
      "STORE_NETWORK_FILE_SYSTEM",
      `${location} lies on a network file system, where SQLite loses data, and so does ${folder} (${name}), where its working file would lie: set MOSAIC_WORKING_FOLDER to a folder of a local disk`,
    );
  return join(folder, `${hash("sha256", location, "hex").slice(0, 16)}-${basename(location)}`);
}

/**
 * Has the file ready: what the last owner has left here, where that is newer than any copy, else the published copy.
 *
 * @param last id of the last owner's claim
 * @returns whether there is one
 */
export async function prepareWorkingFile(file: string, location: string, last: string | undefined): Promise<boolean> {
  const isNewest = last !== undefined && (await ownerOf(file)) === last && pathExists(file);
  if (isNewest) return true;
  await removeWorkingFile(file);
  if (!pathExists(location)) return false;
  await copyFile(location, file);
  return true;
}

/** From now on it is this owner's. */
export async function markWorkingFile(file: string, owner: string): Promise<void> {
  await replaceFile(ownerFile(file), owner);
}

export async function removeWorkingFile(file: string): Promise<void> {
  for (const ending of ["", "-wal", "-shm", "-journal", ".owner"]) await rm(file + ending, { force: true });
}

async function ownerOf(file: string): Promise<string | undefined> {
  return readFile(ownerFile(file), "utf8").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  });
}

function ownerFile(file: string): string {
  return `${file}.owner`;
}

/** Tokens of an owner are greater than those of any before it, whose last ones are in no copy. */
const tokensOfAnOwner = 2 ** 32;

/**
 * The claim of folders says who may write: what the copy says is of its last owner.
 *
 * @param number of the claim
 */
export function takeOverCopy(file: string, number: number): void {
  alter(file, (database) => {
    if (database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'leases'").get() === undefined) return;
    const least = BigInt(number) * BigInt(tokensOfAnOwner);
    database.exec("DELETE FROM writer_claim");
    const { changes } = database
      .prepare("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'leases'")
      .run(least);
    if (changes === 0) database.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES ('leases', ?)").run(least);
  });
}

export function alter(file: string, change: (database: DatabaseSync) => void): void {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    change(database);
  } catch (error) {
    throw storeErrorFrom(error, file);
  } finally {
    database?.close();
  }
}

/** Puts a whole file in the place of another, on the disk before it has the name. @param mayReplace asked last */
export async function putInPlace(file: string, location: string, mayReplace: () => Promise<boolean>): Promise<boolean> {
  const temporary = join(dirname(location), unfinishedName(basename(location)));
  try {
    await copyFile(file, temporary);
    const copy = await open(temporary, "r+");
    await copy.sync().finally(() => copy.close());
    if (!(await mayReplace())) return false;
    await rename(temporary, location);
    return true;
  } finally {
    await rm(temporary, { force: true });
  }
}
