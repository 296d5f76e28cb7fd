import { distance } from "fastest-levenshtein";

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
