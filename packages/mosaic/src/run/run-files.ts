import { createHash } from "node:crypto";
import { closeSync, createReadStream, fstatSync, openSync, renameSync, writeSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isSystemError, machineTrouble, messageOf, pathExists, rootsOf, stagingFolder } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";
import type { Artifact } from "../store/index.ts";

/** Runs `write` with a temporary folder, then moves what it wrote to `folder`: no half-written file is ever seen. */
export async function writeFiles(
  folder: string,
  kind: string,
  write: (temporary: string) => Promise<void> | void,
): Promise<Artifact[]> {
  try {
    await using staging = await stagingFolder(folder);
    await write(staging.path);
    const names = await staging.publish();
    return await Promise.all(
      names.map(async (name) => ({
        kind,
        path: name,
        sizeBytes: (await stat(join(folder, name))).size,
        sha256: await fileDigest(join(folder, name)),
      })),
    );
  } catch (error) {
    throw asRunFilesError(folder, error);
  }
}

/** What the system refused in the folder of the run files, as an error that is not the run's; any other error as it is. */
function asRunFilesError(folder: string, error: unknown): unknown {
  const isOurs = rootsOf(error).some(
    (each) => isSystemError(each) && (!("path" in each) || isWithin(folder, each.path)),
  );
  if (!isOurs) return error;
  const why = pathExists(folder) ? (machineTrouble(error) ?? messageOf(error)) : "the folder is gone";
  return new MosaicError("CANNOT_WRITE_RUN_FILES", `the run files in ${folder} cannot be written: ${why}`, {
    cause: error,
  });
}

function isWithin(folder: string, path: unknown): boolean {
  return typeof path === "string" && `${path}/`.startsWith(`${folder}/`);
}

/** SHA-256 of a file's bytes, in hexadecimal digits. */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/**
 * A run's log: lines collect in memory for moments and go to the file in one piece. A file that is full is kept beside it
 * as `<name>.1`, in the place of the one before.
 */
export class RunLog {
  readonly path: string;
  readonly #mostBytes: number;
  #file: number;
  #open = true;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #size = 0;
  #failure: unknown;

  /** @param goesOn whether the run goes on from its snapshot, and its log likewise */
  constructor(path: string, goesOn = false, mostBytes = mostLogBytes) {
    this.path = path;
    this.#mostBytes = mostBytes;
    try {
      this.#file = openSync(path, goesOn ? "a" : "w");
      this.#size = goesOn ? fstatSync(this.#file).size : 0;
    } catch (error) {
      throw asRunFilesError(dirname(path), error);
    }
  }

  /** Bytes of the file. */
  get size(): number {
    return this.#size;
  }

  /** What comes after `close` is dropped: the run is over. So is what comes after a failure, which `flush` tells of. */
  write(text: string | Uint8Array): void {
    if (!this.#open || this.#failure !== undefined) return;
    const bytes = Buffer.from(text);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > mostWaitingBytes) this.flush();
  }

  /** @throws MosaicError also where an earlier one has failed: a module that prints may have caught that */
  flush(): void {
    if (this.#failure !== undefined) throw this.#failure;
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    try {
      if (this.#size > 0 && this.#size + bytes.length > this.#mostBytes) this.#turnOver();
      for (let start = 0; start < bytes.length; ) start += writeSync(this.#file, bytes, start);
    } catch (error) {
      this.#failure = asRunFilesError(dirname(this.path), error);
      throw this.#failure;
    }
    this.#size += bytes.length;
  }

  #turnOver(): void {
    renameSync(this.path, `${this.path}.1`);
    const full = this.#file;
    this.#file = openSync(this.path, "w");
    closeSync(full);
    this.#size = 0;
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

/** A module that prints without end must not fill the disk either. */
const mostLogBytes = 64 * 1024 * 1024;
