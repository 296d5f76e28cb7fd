import { type FileHandle, open } from "node:fs/promises";
import { messageOf } from "@ml-mosaic/base";
import { TensorError } from "../../errors.ts";

/** Bytes that are read piece by piece. */
export interface ByteSource {
  readonly size: number;
  /** @throws TensorError if there are fewer bytes */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** @throws TensorError that says why the file cannot be read */
export async function openBytes(path: string): Promise<ByteSource> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error("it is no file");
    return fileSource(path, file, stats.size);
  } catch (error) {
    await file?.close();
    throw new TensorError("TENSOR_FILE", `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function fileSource(path: string, file: FileHandle, size: number): ByteSource {
  return {
    size,
    async read(offset, length) {
      if (offset + length > size) throw new TensorError("TENSOR_FILE", `${path} ends at byte ${size}; is it cut off?`);
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await file.read(bytes, done, length - done, offset + done).catch((error: unknown) => {
          throw new TensorError("TENSOR_FILE", `${path} cannot be read: ${messageOf(error)}`, { cause: error });
        });
        if (bytesRead === 0) throw new TensorError("TENSOR_FILE", `${path} has become shorter since it was opened`);
        done += bytesRead;
      }
      return bytes;
    },
    close: () => file.close(),
  };
}

export function memorySource(bytes: Uint8Array<ArrayBuffer>): ByteSource {
  return {
    size: bytes.length,
    read: async (offset, length) => bytes.slice(offset, offset + length),
    close: async () => {},
  };
}

/** A part of another source, which closes that. */
export function partOf(source: ByteSource, start: number, size: number): ByteSource {
  return { size, read: (offset, length) => source.read(start + offset, length), close: () => source.close() };
}
