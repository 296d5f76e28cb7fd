import { createHash, hash } from "node:crypto";

/** The digest by SHA-256 of pieces, one after the other; texts count as UTF-8. */
export function sha256(pieces: Iterable<string | Uint8Array>): Uint8Array {
  if (Array.isArray(pieces) && pieces.length === 1) {
    const [single]: readonly (string | Uint8Array)[] = pieces;
    // Half of the time.
    if (single !== undefined) return hash("sha256", single, "buffer");
  }
  const digest = createHash("sha256");
  for (const piece of pieces) digest.update(piece);
  return digest.digest();
}
