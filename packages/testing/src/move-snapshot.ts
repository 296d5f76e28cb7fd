import { readFile, writeFile } from "node:fs/promises";

/** Gives the paths in a snapshot's header another folder, as if it had not been moved; the tensors stay as they are. */
export async function moveSnapshot(path: string, from: string, to: string): Promise<void> {
  const bytes = await readFile(path);
  const tensorsBegin = 8 + Number(bytes.readBigUInt64LE());
  const header = Buffer.from(bytes.toString("utf8", 8, tensorsBegin).replaceAll(from, to));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(header.length));
  await writeFile(path, Buffer.concat([size, header, bytes.subarray(tensorsBegin)]));
}
