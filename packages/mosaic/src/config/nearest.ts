// Suggestions for names that are not known.

import { distance } from "fastest-levenshtein";

/** The known name that was probably meant, or undefined where none is close. Case counts for nothing here. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const current = slips(wanted, candidate.toLowerCase());
    // A distance as long as the candidate itself means that nothing of it was kept.
    if (current < bestDistance && current < candidate.length) {
      best = candidate;
      bestDistance = current;
    }
  }
  return best;
}

/** The edit distance, where two letters changed for each other are one slip and not two. */
function slips(left: string, right: string): number {
  const edits = distance(left, right);
  return edits === 2 && [...left].toSorted().join("") === [...right].toSorted().join("") ? 1 : edits;
}

/** A remedy: the nearest known name where one is close, else all of them. */
export function suggestName(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  if (nearest !== undefined) return `Did you mean "${nearest}"?`;
  return known.length === 0 ? "None is known here." : `Known: ${known.join(", ")}.`;
}
