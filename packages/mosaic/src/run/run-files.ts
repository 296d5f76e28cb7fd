import { closeSync, fstatSync, openSync, writeSync } from "node:fs";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { errorCode, stagingFolder } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";
import type { Artifact } from "../store/index.ts";

/** Where a database's run files lie: `<run_files_path>/<database name without ending>`. */
export function filesFolderOf(runFilesPath: string, database: string): string {
  return join(runFilesPath, basename(database, extname(database)));
}

const ownerFile = ".database";

/**
 * Makes the folder of a database's run files.
 *
 * @param databaseId tells databases of one name apart
 * @throws MosaicError if the folder belongs to another database, whose files would be overwritten
 */
export async function claimFilesFolder(folder: string, database: string, databaseId: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(join(folder, ownerFile), `${databaseId}\n${resolve(database)}\n`, { flag: "wx" });
    return;
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
  const owner = await ownerOf(folder);
  if (owner !== undefined && owner.databaseId !== databaseId) throw folderTaken(folder, database, owner.path);
}

/**
 * To be asked before a database is made, so that a refusal leaves nothing behind.
 *
 * @throws MosaicError if the folder belongs to a database already
 */
export async function refuseTakenFolder(folder: string, database: string): Promise<void> {
  const owner = await ownerOf(folder);
  if (owner !== undefined) throw folderTaken(folder, database, owner.path);
}

async function ownerOf(folder: string): Promise<{ databaseId: string; path: string } | undefined> {
  try {
    const [databaseId = "", path = ""] = (await readFile(join(folder, ownerFile), "utf8")).split("\n");
    return { databaseId, path };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function folderTaken(folder: string, database: string, owner: string): MosaicError {
  return new MosaicError(
    "FILES_OF_ANOTHER_DATABASE",
    `${folder} holds the run files of another database (${owner}): choose another name for ${database} or another run_files_path, or remove that folder`,
  );
}

/** Runs `write` with a temporary folder, then moves what it wrote to `folder`: no half-written file is ever seen. */
export async function writeFiles(
  folder: string,
  kind: string,
  write: (temporary: string) => Promise<void> | void,
): Promise<Artifact[]> {
  await using staging = await stagingFolder(folder);
  await write(staging.path);
  const names = await staging.publish();
  return Promise.all(
    names.map(async (name) => ({ kind, path: name, sizeBytes: (await stat(join(folder, name))).size })),
  );
}

/** A run's log: lines collect in memory for moments and go to the file in one piece. */
export class RunLog {
  readonly path: string;
  readonly #file: number;
  #open = true;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #size = 0;

  /** @param goesOn whether the run goes on from its snapshot, and its log likewise */
  constructor(path: string, goesOn = false) {
    this.path = path;
    this.#file = openSync(path, goesOn ? "a" : "w");
    this.#size = goesOn ? fstatSync(this.#file).size : 0;
  }

  /** Bytes written. */
  get size(): number {
    return this.#size;
  }

  /** What comes after `close` is dropped: the run is over. */
  write(text: string | Uint8Array): void {
    if (!this.#open) return;
    const bytes = Buffer.from(text);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > mostWaitingBytes) this.flush();
  }

  flush(): void {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (let start = 0; start < bytes.length; ) start += writeSync(this.#file, bytes, start);
    this.#size += bytes.length;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      this.flush();
    } finally {
      closeSync(this.#file);
    }
  }
}

/** A module that prints without end must not fill the memory before its epoch ends. */
const mostWaitingBytes = 64 * 1024;
