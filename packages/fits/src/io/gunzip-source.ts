import { randomUUID } from "node:crypto";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { errorCode, messageOf } from "@ml-mosaic/base";
import { FitsError } from "../fits-error.ts";
import { type ByteSource, fileHandleSource, ioError, memorySource, readBytes } from "./byte-source.ts";

/** Up to here the unpacked bytes stay in memory, beyond in a nameless temporary file. */
const IN_MEMORY = 64 * 1024 * 1024;
const CHUNK = 1024 * 1024;

export async function isGzip(source: ByteSource): Promise<boolean> {
  if (source.size < 18) return false;
  const [first, second] = await readBytes(source, 0, 2);
  return first === 0x1f && second === 0x8b;
}

/**
 * Unpacks a whole gzip file, since it cannot be read by position, and closes it. Memory stays bounded: more than 64 MiB
 * go to a temporary file (`os.tmpdir()`), which the system removes with the process at the latest.
 * @throws FitsError `DATA_INVALID` for broken gzip data, `SIZE_INVALID` beyond `maxBytes`
 */
export async function gunzipSource(packed: ByteSource, maxBytes: number): Promise<ByteSource> {
  try {
    return await unpack(packed, maxBytes);
  } finally {
    await packed.close();
  }
}

async function unpack(packed: ByteSource, maxBytes: number): Promise<ByteSource> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let spill: FileHandle | undefined;
  const collect = async (unpacked: AsyncIterable<Uint8Array>) => {
    for await (const chunk of unpacked) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(packed.name, maxBytes);
      chunks.push(chunk);
      if (size <= IN_MEMORY) continue;
      spill ??= await openNameless();
      await spill.appendFile(Buffer.concat(chunks.splice(0)));
    }
  };
  try {
    await pipeline(packedChunks(packed), createGunzip({ chunkSize: CHUNK }), collect);
  } catch (error) {
    await spill?.close();
    throw isZlibError(error) ? brokenGzip(packed.name, error) : ioError(packed.name, error, "cannot be unpacked");
  }
  if (spill !== undefined) return fileHandleSource(spill, packed.name, size);
  return memorySource(Buffer.concat(chunks), packed.name);
}

async function* packedChunks(source: ByteSource): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < source.size; offset += CHUNK) {
    yield await readBytes(source, offset, Math.min(CHUNK, source.size - offset));
  }
}

/** Unlinked at once, so that nothing is left behind however the process ends. */
async function openNameless(): Promise<FileHandle> {
  const path = join(tmpdir(), `fits-${randomUUID()}.tmp`);
  const handle = await open(path, "wx+", 0o600);
  await unlink(path);
  return handle;
}

function isZlibError(error: unknown): boolean {
  return errorCode(error)?.startsWith("Z_") ?? false;
}

function brokenGzip(file: string, cause: unknown): FitsError {
  return new FitsError({
    code: "DATA_INVALID",
    file,
    problem: `the gzip data are broken or cut off: ${messageOf(cause)}`,
    remedy: "Fetch the file again",
    cause,
  });
}

function tooLarge(file: string, maxBytes: number): FitsError {
  return new FitsError({
    code: "SIZE_INVALID",
    file,
    problem: `the file unpacks to more than ${maxBytes} bytes`,
    remedy: "Unpack it with gunzip, or raise maxUnpackedBytes",
  });
}
