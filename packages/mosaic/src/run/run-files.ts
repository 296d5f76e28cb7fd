import { createHash } from "node:crypto";
import { closeSync, createReadStream, fstatSync, openSync, writeSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { stagingFolder } from "@ml-mosaic/base";
import type { Artifact } from "../store/index.ts";

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
    names.map(async (name) => ({
      kind,
      path: name,
      sizeBytes: (await stat(join(folder, name))).size,
      sha256: await fileDigest(join(folder, name)),
    })),
  );
}

/** SHA-256 of a file's bytes, in hexadecimal digits. */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
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
