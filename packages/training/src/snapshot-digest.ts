import { sha256 } from "@ml-mosaic/base";
import type { StateDict } from "@ml-mosaic/tensor";

/** Name of the digest among the texts of a snapshot. */
export const digestName = "SHA256";

/** Of all that a snapshot holds but the digest itself: a file is the one that was written, or it is not used. */
export function contentDigest(tensors: StateDict, metadata: Readonly<Record<string, string>>): string {
  const digest = sha256(piecesOf(tensors, metadata));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function* piecesOf(
  tensors: StateDict,
  metadata: Readonly<Record<string, string>>,
): IterableIterator<string | Uint8Array> {
  const byName = <T>(entries: Iterable<readonly [string, T]>) => [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, { data, shape, dtype }] of byName(tensors)) {
    yield `${JSON.stringify([name, dtype, shape])}\n`;
    yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  for (const [name, text] of byName(Object.entries(metadata)))
    if (name !== digestName) yield `${JSON.stringify([name, text])}\n`;
}
