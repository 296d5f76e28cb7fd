import { distance } from "fastest-levenshtein";

/** The known name that was probably meant, or `undefined` where none is near. Case does not count. */
export function nearestName(written: string, known: readonly string[]): string | undefined {
  const lowered = written.toLowerCase();
  let nearest: string | undefined;
  let fewestEdits = Number.POSITIVE_INFINITY;
  for (const name of known) {
    // A third of the name may be wrong, of short names one letter. Names of very different length cannot be near, and
    // comparing long ones costs much.
    const longest = Math.max(name.length, lowered.length);
    const tolerance = longest <= 1 ? 0 : Math.max(1, Math.floor(longest / 3));
    if (Math.abs(name.length - lowered.length) > tolerance) continue;
    const edits = distance(lowered, name.toLowerCase());
    if (edits <= tolerance && edits < fewestEdits) {
      nearest = name;
      fewestEdits = edits;
    }
  }
  return nearest;
}
