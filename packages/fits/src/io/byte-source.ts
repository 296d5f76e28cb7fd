import { type FileHandle, open } from "node:fs/promises";
import { messageOf, WriteError } from "@ml-mosaic/base";
import { FitsError } from "../fits-error.ts";

/** Bytes that are read by position. Reads may run at the same time. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  readonly size: number;
  /** Fills `target` with the bytes from `offset` on. @throws FitsError `IO`, `TRUNCATED` */
  readInto(target: Uint8Array, offset: number): Promise<void>;
  close(): Promise<void>;
}

/** The system reads at most 2 GiB at once. */
const LARGEST_READ = 64 * 1024 * 1024;

/** @throws FitsError `IO` where the file cannot be opened */
export async function openFileSource(path: string): Promise<ByteSource> {
  try {
    const handle = await open(path, "r");
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw new Error("is no regular file");
      return fileHandleSource(handle, path, stats.size);
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (cause) {
    throw ioError(path, cause, "cannot be opened");
  }
}

/** Owns the handle: `close` closes it. */
export function fileHandleSource(handle: FileHandle, name: string, size: number): ByteSource {
  return {
    name,
    size,
    async readInto(target, offset) {
      let done = 0;
      while (done < target.length) {
        const { bytesRead } = await handle
          .read(target, done, Math.min(LARGEST_READ, target.length - done), offset + done)
          .catch((cause: unknown) => {
            throw ioError(name, cause, "cannot be read");
          });
        if (bytesRead === 0) throw shortRead(name, offset + done);
        done += bytesRead;
      }
    },
    close: () => handle.close(),
  };
}

export function memorySource(bytes: Uint8Array, name: string): ByteSource {
  return {
    name,
    size: bytes.length,
    async readInto(target, offset) {
      if (offset + target.length > bytes.length) throw shortRead(name, bytes.length);
      target.set(bytes.subarray(offset, offset + target.length));
    },
    async close() {},
  };
}

export async function readBytes(source: ByteSource, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = allocate(length, source.name);
  await source.readInto(bytes, offset);
  return bytes;
}

/** @throws FitsError `SIZE_INVALID` where there is no memory for it */
export function allocate(length: number, file: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(new ArrayBuffer(length));
  } catch (cause) {
    throw new FitsError({
      code: "SIZE_INVALID",
      file,
      problem: `${length} bytes do not fit into memory`,
      remedy: "Read it in parts, with section() or rows()",
      cause,
    });
  }
}

export function ioError(file: string, cause: unknown, what: string): FitsError {
  if (cause instanceof FitsError) return cause;
  return new FitsError({
    code: "IO",
    file,
    problem: `${what}: ${cause instanceof WriteError ? cause.reason : messageOf(cause)}`,
    remedy: "Check that the file is there, readable and on a working disk",
    cause,
  });
}

function shortRead(file: string, offset: number): FitsError {
  return new FitsError({
    code: "TRUNCATED",
    file,
    problem: `the file ends at byte ${offset}, before the data do`,
    remedy: "Fetch the file again; it was cut off, perhaps while it was being read",
  });
}
