import { type FileHandle, open } from "node:fs/promises";
import { errorCode } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";

const mostHeaderBytes = 100_000_000;

/**
 * The whole epochs that a snapshot holds, from its header alone, whatever its size.
 *
 * @throws MosaicError where the file is missing, cut off or no snapshot
 */
export async function readSnapshotEpochs(path: string): Promise<number> {
  const problem = (what: string, cause?: unknown) => new MosaicError("BAD_SNAPSHOT", `${path} ${what}`, { cause });
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    const isMissing = errorCode(error) === "ENOENT";
    throw problem(isMissing ? "is missing" : `cannot be read (${String(error)})`, error);
  }
  try {
    const { size } = await file.stat();
    const start = Buffer.alloc(8);
    await file.read(start, 0, 8, 0);
    const length = size < 8 ? 0 : Number(start.readBigUInt64LE(0));
    if (length === 0 || length > mostHeaderBytes || 8 + length > size) throw problem("is damaged or cut off");
    const text = Buffer.alloc(length);
    await file.read(text, 0, length, 8);
    const { epoch, end } = fieldsOf(text.toString("utf8"));
    if (epoch === undefined) throw problem("is damaged, or no snapshot");
    if (8 + length + end !== size) throw problem("is cut off");
    return epoch;
  } finally {
    await file.close();
  }
}

/** `end`: where the last tensor ends. */
function fieldsOf(header: string): { readonly epoch: number | undefined; readonly end: number } {
  try {
    const { __metadata__: metadata, ...tensors }: Readonly<Record<string, unknown>> = Object(JSON.parse(header));
    const { TRAIN_INFO: info = "{}" }: { readonly TRAIN_INFO?: unknown } = Object(metadata);
    const { epoch }: { readonly epoch?: unknown } = Object(JSON.parse(String(info)));
    const ends = Object.values(tensors).map((tensor) => {
      const { data_offsets: offsets }: { readonly data_offsets?: unknown } = Object(tensor);
      return Array.isArray(offsets) ? Number(offsets[1]) : Number.NaN;
    });
    return {
      epoch: Number.isInteger(epoch) ? Number(epoch) : undefined,
      end: ends.reduce((a, b) => Math.max(a, b), 0),
    };
  } catch (error) {
    if (error instanceof SyntaxError) return { epoch: undefined, end: 0 };
    throw error;
  }
}
