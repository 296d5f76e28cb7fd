import { distance } from "fastest-levenshtein";

/** The known name that was probably meant, or `undefined` where none is near. Case does not count. */
export function nearestName(written: string, known: Iterable<string>): string | undefined {
  const lowered = written.toLowerCase();
  let nearest: string | undefined;
  let fewestEdits = Number.POSITIVE_INFINITY;
  for (const name of known) {
    // A third of the name may be wrong, of short names one letter. Names of very different length cannot be near, and
    // comparing long ones costs much.
    const longest = Math.max(name.length, lowered.length);
    const tolerance = longest <= 1 ? 0 : Math.max(1, Math.floor(longest / 3));
    if (Math.abs(name.length - lowered.length) > tolerance) continue;
    const edits = editsBetween(lowered, name.toLowerCase());
    if (edits <= tolerance && edits < fewestEdits) {
      nearest = name;
      fewestEdits = edits;
    }
  }
  return nearest;
}

/** All known names, those that look most like `name` first. Case counts for little, a name inside another for much. */
export function nearestNames(name: string, known: readonly string[]): readonly string[] {
  const wanted = name.toLowerCase();
  const farness = (candidate: string) => {
    const other = candidate.toLowerCase();
    const isPart = wanted.length > 2 && (other.includes(wanted) || wanted.includes(other));
    return isPart ? 0 : distance(wanted, other) / Math.max(wanted.length, other.length, 1);
  };
  return known
    .map((candidate) => ({ candidate, far: farness(candidate) }))
    .sort((a, b) => a.far - b.far)
    .map(({ candidate }) => candidate);
}

/** A remedy: the nearest known name where one is close, else all of them. */
export function suggestName(written: string, known: readonly string[]): string {
  const nearest = nearestName(written, known);
  if (nearest !== undefined) return `Did you mean "${nearest}"?`;
  return known.length === 0 ? "None is known here." : `Known: ${known.join(", ")}.`;
}

/** Letters to insert, remove or replace; two neighbours that changed places are one mistake. */
function editsBetween(written: string, name: string): number {
  const at = written.split("").findIndex((letter, index) => letter !== name[index]);
  const swapped = `${written.slice(0, at)}${written[at + 1] ?? ""}${written[at] ?? ""}${written.slice(at + 2)}`;
  return at >= 0 && swapped === name ? 1 : distance(written, name);
}
