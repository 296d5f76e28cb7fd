import { createReadStream, createWriteStream } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type PendingFile, pathExists, pendingFile } from "@ml-mosaic/base";
import { FitsError } from "../fits-error.ts";
import { type ByteSource, fileHandleSource, ioError } from "../io/byte-source.ts";

/** A file that appears under its name when it is whole, or not at all. Has a lifetime: `finish` or `discard` ends it. */
export class TemporaryFile {
  readonly #path: string;
  readonly #pending: PendingFile;
  readonly #overwrite: boolean;
  readonly #handle: FileHandle;
  #size = 0;
  #ended = false;

  private constructor(path: string, pending: PendingFile, overwrite: boolean, handle: FileHandle) {
    this.#path = path;
    this.#pending = pending;
    this.#overwrite = overwrite;
    this.#handle = handle;
  }

  /** @throws FitsError `IO`; `WRITE_INVALID` where the file exists and may not be overwritten */
  static async create(path: string, overwrite: boolean): Promise<TemporaryFile> {
    if (!overwrite && pathExists(path)) throw alreadyThere(path);
    try {
      const pending = await pendingFile(path, { durable: true });
      return new TemporaryFile(path, pending, overwrite, await open(pending.temporary, "wx+"));
    } catch (cause) {
      throw ioError(path, cause, "cannot be created");
    }
  }

  get size(): number {
    return this.#size;
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      const { bytesWritten } = await this.#handle
        .write(bytes, done, Math.min(64 * 1024 * 1024, bytes.length - done), offset + done)
        .catch((cause: unknown) => {
          throw ioError(this.#path, cause, "cannot be written");
        });
      done += bytesWritten;
    }
    this.#size = Math.max(this.#size, offset + bytes.length);
  }

  /** What was written so far. */
  source(): ByteSource {
    return fileHandleSource(this.#handle, this.#path, this.#size);
  }

  /** Puts the file, packed where that is asked for, safely on the disk and gives it its name. */
  async finish(gzip: boolean): Promise<void> {
    const { temporary } = this.#pending;
    try {
      await this.#handle.close();
      this.#ended = true;
      if (gzip) {
        const packed = `${temporary}.gz`;
        try {
          await pipeline(createReadStream(temporary), createGzip(), createWriteStream(packed, { flags: "wx" }));
          await rename(packed, temporary);
        } finally {
          await rm(packed, { force: true });
        }
      }
      // In a folder that is unfinished itself it was written in its own place.
      if (!this.#overwrite && temporary !== this.#path && pathExists(this.#path)) throw alreadyThere(this.#path);
      await this.#pending.publish();
    } catch (cause) {
      throw ioError(this.#path, cause, "cannot be written");
    } finally {
      await this.discard();
    }
  }

  /** Removes what was written; does nothing after `finish`. */
  async discard(): Promise<void> {
    if (!this.#ended) await this.#handle.close();
    this.#ended = true;
    await this.#pending[Symbol.asyncDispose]();
  }
}

function alreadyThere(file: string): FitsError {
  return new FitsError({
    code: "WRITE_INVALID",
    file,
    problem: "the file exists",
    remedy: "Give another name, or overwrite: true",
  });
}
