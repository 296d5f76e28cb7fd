/** As `sha256.ts`, where there is no `node:crypto`, which takes half of the time for a name and an eighth for a model. */
import { sha256 as noble } from "@noble/hashes/sha2.js";

const encoder = new TextEncoder();

export function sha256(pieces: Iterable<string | Uint8Array>): Uint8Array {
  const hash = noble.create();
  for (const piece of pieces) hash.update(typeof piece === "string" ? encoder.encode(piece) : piece);
  return hash.digest();
}
