import type { Accumulator } from "./metric.ts";

/** Samples by score, the smallest scores first; equal ones, or those that have to count as equal, together. */
export interface ScoreCounts {
  /** Samples of the class. */
  readonly hits: ArrayLike<number>;
  /** Other samples. */
  readonly misses: ArrayLike<number>;
  /** One number: samples whose score was NaN. */
  readonly invalid: ArrayLike<number>;
}

/** Slots of the table, so that it is never more than half full. */
const slotsPerBin = 2;

/**
 * How scores order the samples of a class against others, in memory that does not grow with their number. As long as
 * there are no more than `maxBins` different scores each is counted by itself, and what follows is exact. Beyond that
 * scores count as equal that agree in all but the last binary digit, the last two, and so on, as few digits as it takes:
 * bins are narrow where scores are small or many, and the order of the batches does not matter.
 */
export class ScoreHistogram implements Accumulator<"scores" | "truth"> {
  readonly #maxBins: number;
  /** Digits of each score that do not count. */
  #dropped = 0;
  #used = 0;
  /** A table with open addressing: a slot is free where both counts are 0. */
  #keys: Uint32Array;
  #hits: Float64Array;
  #misses: Float64Array;
  readonly #invalid = new Float64Array(1);

  /** @param maxBins a power of two; 20 bytes are held for each, twice */
  constructor({ maxBins = 2 ** 16 }: { readonly maxBins?: number } = {}) {
    const slots = slotsPerBin * maxBins;
    this.#maxBins = maxBins;
    this.#keys = new Uint32Array(slots);
    this.#hits = new Float64Array(slots);
    this.#misses = new Float64Array(slots);
  }

  /**
   * @param batch for each score its truth: 1 where the sample is of the class, 0 where it is not, anything else where it
   *   does not count
   */
  add({ scores, truth }: Readonly<Record<"scores" | "truth", Float32Array>>): void {
    const bits = new Int32Array(scores.buffer, scores.byteOffset, scores.length);
    for (let sample = 0; sample < scores.length; sample++) {
      const kind = truth[sample];
      if (kind !== 0 && kind !== 1) continue;
      const score = scores[sample] ?? Number.NaN;
      if (Number.isNaN(score)) this.#invalid[0] = (this.#invalid[0] ?? 0) + 1;
      else {
        const slot = this.#slotFor(orderOf(score === 0 ? 0 : (bits[sample] ?? 0)));
        const counts = kind === 1 ? this.#hits : this.#misses;
        counts[slot] = (counts[slot] ?? 0) + 1;
      }
    }
  }

  parts(): Readonly<Record<keyof ScoreCounts, Float64Array>> {
    const slots: number[] = [];
    for (let slot = 0; slot < this.#keys.length; slot++) if (this.#isTaken(slot)) slots.push(slot);
    slots.sort((a, b) => (this.#keys[a] ?? 0) - (this.#keys[b] ?? 0));
    return {
      hits: Float64Array.from(slots, (slot) => this.#hits[slot] ?? 0),
      misses: Float64Array.from(slots, (slot) => this.#misses[slot] ?? 0),
      invalid: this.#invalid,
    };
  }

  #isTaken(slot: number): boolean {
    return this.#hits[slot] !== 0 || this.#misses[slot] !== 0;
  }

  /**
   * The slot where a score is counted. It is taken for it, so that something must be counted there.
   *
   * @param order of the score, with all digits
   */
  #slotFor(order: number): number {
    const last = this.#keys.length - 1;
    for (;;) {
      const key = order >>> this.#dropped;
      // Fibonacci hashing: neighbouring scores come to lie far apart.
      let slot = Math.imul(key, 0x9e3779b1) >>> Math.clz32(last);
      while (this.#isTaken(slot)) {
        if (this.#keys[slot] === key) return slot;
        slot = (slot + 1) & last;
      }
      if (this.#used < this.#maxBins) {
        this.#keys[slot] = key;
        this.#used++;
        return slot;
      }
      this.#coarsen();
    }
  }

  /** One more digit does not count. */
  #coarsen(): void {
    const [keys, hits, misses] = [this.#keys, this.#hits, this.#misses];
    const slots = keys.length;
    this.#keys = new Uint32Array(slots);
    this.#hits = new Float64Array(slots);
    this.#misses = new Float64Array(slots);
    this.#used = 0;
    const before = this.#dropped;
    this.#dropped++;
    for (let slot = 0; slot < slots; slot++) {
      const [inside, outside] = [hits[slot] ?? 0, misses[slot] ?? 0];
      if (inside + outside === 0) continue;
      const to = this.#slotFor(((keys[slot] ?? 0) << before) >>> 0);
      this.#hits[to] = (this.#hits[to] ?? 0) + inside;
      this.#misses[to] = (this.#misses[to] ?? 0) + outside;
    }
  }
}

/** A whole number that rises with the float of these bits. */
function orderOf(bits: number): number {
  // The bits of positive floats rise with them, those of negative ones fall.
  return (bits < 0 ? ~bits : bits ^ 0x80000000) >>> 0;
}

/** Area under the receiver operating characteristic; NaN without samples of the class, without others, or with NaN. */
export function rocAucOf(counts: ScoreCounts): number {
  const { pairs, ties, all } = countPairs(counts);
  return isValid(counts) ? (pairs + ties / 2) / all : Number.NaN;
}

/** Between these lies the area that all scores would give, whatever the order of those that count as equal. */
export function rocAucRange(counts: ScoreCounts): readonly [lowest: number, highest: number] {
  const { pairs, ties, all } = countPairs(counts);
  return isValid(counts) ? [pairs / all, (pairs + ties) / all] : [Number.NaN, Number.NaN];
}

function isValid({ invalid }: ScoreCounts): boolean {
  return invalid[0] === 0;
}

/** Pairs of a sample of the class and another: those in the right order, those that tie, and all. */
function countPairs({ hits, misses }: ScoreCounts): { pairs: number; ties: number; all: number } {
  let [pairs, ties, found, below] = [0, 0, 0, 0];
  for (let bin = 0; bin < hits.length; bin++) {
    const [inside, outside] = [hits[bin] ?? 0, misses[bin] ?? 0];
    pairs += inside * below;
    ties += inside * outside;
    found += inside;
    below += outside;
  }
  return { pairs, ties, all: found * below };
}

/** Mean, over the samples of the class, of the precision down to their score; NaN where there are none, or with NaN. */
export function averagePrecisionOf(counts: ScoreCounts): number {
  return areaUnderPrecision(counts, (hits, misses, found, seen) => hits * ((found + hits) / (seen + hits + misses)));
}

/** Between these lies the mean that all scores would give. Takes time in proportion to the samples of the class. */
export function averagePrecisionRange(counts: ScoreCounts): readonly [lowest: number, highest: number] {
  const inOrder = (hits: number, found: number, seen: number) => {
    let area = 0;
    for (let sample = 1; sample <= hits; sample++) area += (found + sample) / (seen + sample);
    return area;
  };
  return [
    areaUnderPrecision(counts, (hits, misses, found, seen) => inOrder(hits, found, seen + misses)),
    areaUnderPrecision(counts, (hits, _misses, found, seen) => inOrder(hits, found, seen)),
  ];
}

/** @param part what scores that count as equal add, where `found` of `seen` samples have larger ones */
function areaUnderPrecision(
  counts: ScoreCounts,
  part: (hits: number, misses: number, found: number, seen: number) => number,
): number {
  let [area, found, seen] = [0, 0, 0];
  for (let bin = counts.hits.length - 1; bin >= 0; bin--) {
    const [hits, misses] = [counts.hits[bin] ?? 0, counts.misses[bin] ?? 0];
    if (hits > 0) area += part(hits, misses, found, seen);
    found += hits;
    seen += hits + misses;
  }
  return isValid(counts) ? area / found : Number.NaN;
}
