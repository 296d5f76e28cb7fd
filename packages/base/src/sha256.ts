import { createHash } from "node:crypto";

/** The digest by SHA-256 of pieces, one after the other; texts count as UTF-8. */
export function sha256(pieces: Iterable<string | Uint8Array>): Uint8Array {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
}
