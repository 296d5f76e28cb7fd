import { createHash } from "node:crypto";
import type { StateDict } from "@ml-mosaic/tensor";

/** Name of the digest among the texts of a snapshot. */
export const digestName = "SHA256";

/** Of all that a snapshot holds but the digest itself: a file is the one that was written, or it is not used. */
export function contentDigest(tensors: StateDict, metadata: Readonly<Record<string, string>>): string {
  const hash = createHash("sha256");
  const byName = <T>(entries: Iterable<readonly [string, T]>) => [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, { data, shape, dtype }] of byName(tensors)) {
    hash.update(`${JSON.stringify([name, dtype, shape])}\n`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  for (const [name, text] of byName(Object.entries(metadata)))
    if (name !== digestName) hash.update(`${JSON.stringify([name, text])}\n`);
  return hash.digest("hex");
}
