import { createHash, hash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isSystemError, machineTrouble, messageOf, pathExists, rootsOf, stagingFolder } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";
import type { Artifact } from "../store/index.ts";

/** Files that are being written for a run. */
export interface RunFiles extends AsyncDisposable {
  /** Calls `write` with a temporary folder: what it writes there, beside what is there already, is of this kind. */
  write(kind: string, write: (temporary: string) => Promise<void> | void): Promise<void>;
  /** Moves all to their places, in the order in which they were written: no half-written file is ever seen there. */
  publish(): Promise<readonly Artifact[]>;
}

/**
 * @param mayPublish throws where these files may not take the place of others
 * @throws MosaicError from here on, where the folder cannot be written to
 */
export async function openRunFiles(folder: string, mayPublish: () => void = () => undefined): Promise<RunFiles> {
  const told = <T>(work: () => Promise<T>): Promise<T> =>
    work().catch((error: unknown) => {
      throw asRunFilesError(folder, error);
    });
  const staging = await told(() => stagingFolder(folder));
  /** By name, in the order in which they were written. */
  const kinds = new Map<string, string>();
  return {
    write: (kind, write) =>
      told(async () => {
        await write(staging.path);
        for (const name of readdirSync(staging.path).sort()) if (!kinds.has(name)) kinds.set(name, kind);
      }),
    publish: () =>
      told(async () => {
        const artifacts: Artifact[] = [];
        for (const [name, kind] of kinds) {
          const path = join(staging.path, name);
          const sizeBytes = statSync(path).size;
          artifacts.push({ kind, path: name, sizeBytes, sha256: await fileDigest(path, sizeBytes) });
        }
        mayPublish();
        await staging.publish({ first: [...kinds.keys()] });
        return artifacts;
      }),
    [Symbol.asyncDispose]: () => told(() => staging[Symbol.asyncDispose]()),
  };
}

/** What the system refused in the folder of the run files, as an error that is not the run's; any other error as it is. */
export function asRunFilesError(folder: string, error: unknown): unknown {
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
export async function fileDigest(path: string, sizeBytes = statSync(path).size): Promise<string> {
  if (sizeBytes <= mostBytesAtOnce) return hash("sha256", readFileSync(path), "hex");
  const digest = createHash("sha256");
  await pipeline(createReadStream(path), digest);
  return digest.digest("hex");
}

/** So much is read at once: handing it to threads would take longer. */
const mostBytesAtOnce = 2 ** 20;

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
