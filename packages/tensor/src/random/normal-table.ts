import { elementAt } from "../element-at.ts";
import { normalQuantile } from "./normal-quantile.ts";

/** Strips of equal width for the ranks below `end`. */
interface Level {
  readonly end: number;
  /** How many ranks share a strip. */
  readonly width: number;
  /** Number of the strip of rank 0. */
  readonly start: number;
}

/** What 32 random bits need to become a normally distributed number. */
export interface NormalTable {
  /** From the widest strips to the narrowest, which are meant where a rank is below several ends. */
  readonly levels: readonly Level[];
  /** For each strip. */
  readonly offsets: Float32Array;
  readonly slopes: Float32Array;
}

const levels: readonly Level[] = [
  { end: 2 ** 31, width: 2 ** 17, start: 0 },
  { end: 2 ** 22, width: 2 ** 8, start: 2 ** 14 },
  { end: 2 ** 13, width: 1, start: 2 ** 15 },
];

/**
 * The normal distribution by inversion, in a way that every executor computes to the same bit: one bit is the sign, the
 * others a rank from 0 to 2^31 - 1, and the magnitude is `offset + slope * rank`, with the two numbers of the rank's strip.
 * At the bounds of strips the quantile is exact, that of the probability (rank + 1/2) / 2^32; between them it is a straight
 * line, which leaves the strip's probability as it is. Strips get narrower twice towards the tail, where at last each rank
 * has its own: magnitudes reach 6.34.
 */
export function normalTable(): NormalTable {
  known ??= makeTable();
  return known;
}

let known: NormalTable | undefined;

function makeTable(): NormalTable {
  const last = elementAt(levels, levels.length - 1);
  const offsets = new Float32Array(last.start + last.end / last.width);
  const slopes = new Float32Array(offsets.length);
  for (const { end, width, start } of levels) {
    for (let rank = 0; rank < end; rank += width) {
      const [here, next] = [magnitude(rank), magnitude(rank + width)];
      const strip = start + rank / width;
      const slope = width === 1 ? 0 : (next - here) / width;
      slopes[strip] = slope;
      offsets[strip] = here - slope * rank;
    }
  }
  return { levels, offsets, slopes };
}

function magnitude(rank: number): number {
  return -normalQuantile((rank + 0.5) / 2 ** 32);
}
