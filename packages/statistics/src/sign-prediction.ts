/**
 * A test that may be looked at after every result: each sign of the differences is bet on before it is known.
 *
 * Of two models that are equal in law, or whose difference is symmetric about 0 for another reason, the n-th difference is
 * as often positive as negative, whatever its size and whatever came before. A bettor who knows the sizes |d₁| … |dₙ| and
 * the signs of the first n − 1 puts the share pₙ of the capital on "positive" and 1 − pₙ on "negative", at even odds. The
 * capital Mₙ = Π 2 pₖ is a martingale then, so that it ever reaches 1/α with probability at most α (Ville): at every look at
 * once, for every symmetric law and any spread. The bets are Bayes's for normal differences of unknown effect, with
 * P(+ | d) = σ(2 θ |d| / s), s the median of the sizes over 0.6745, and θ a priori on a grid, both signs alike. Sizes beyond
 * 2 s count as 2 s: for normal differences that costs nothing, and one outlier cannot take the whole capital.
 *
 * Sources: Howard, Ramdas, McAuliffe and Sekhon, Time-uniform, nonparametric, nonasymptotic confidence sequences, Annals of
 * Statistics 49 (2021), on symmetric observations; Ramdas, Grünwald, Vovk and Shafer, Game-theoretic statistics and safe
 * anytime-valid inference, Statistical Science 38 (2023), on capital and Ville's inequality.
 */
import { type Interval, largestOf, level, medianOf, smallestOf } from "./sample.ts";

/** Effects that are bet on, in standard deviations of the differences, with their prior weights θ exp(−θ²/4). */
const effects = Float64Array.from({ length: 8 }, (_, step) => 0.15 * (4 / 0.15) ** (step / 7));
const prior = normalised(effects.map((effect) => effect * Math.exp(-(effect ** 2) / 4)));

const mostSize = 2;

/** Below so many differences no capital can reach 1/0.05: it at most doubles with each after the first. */
export const fewestForAnytime = 6;

/**
 * The capital after each difference, starting from 1.
 *
 * @param differences in an order that does not depend on their values, as that of the repetitions' numbers
 */
export function capitals(differences: readonly number[]): Float64Array {
  const bettor = new SignBettor();
  return Float64Array.from(differences, (difference) => bettor.see(difference));
}

/** Who bets on the signs: `capital` is what is left of 1. */
export class SignBettor {
  capital = 1;
  largest = 1;
  readonly #seen: number[] = [];
  // What is believed of each effect, and of its opposite.
  readonly #up = new Float64Array(effects.length);
  readonly #down = new Float64Array(effects.length);
  #scale = 0;

  /** One that goes on from here on its own. */
  copy(): SignBettor {
    const other = new SignBettor();
    other.capital = this.capital;
    other.largest = this.largest;
    for (const difference of this.#seen) other.#seen.push(difference);
    other.#up.set(this.#up);
    other.#down.set(this.#down);
    other.#scale = this.#scale;
    return other;
  }

  /** @returns the capital afterwards */
  see(difference: number): number {
    const n = this.#seen.length + 1;
    // The estimate of the size is renewed at 1, 2, 4, 8 … differences: oftener gains nothing.
    if (this.#scale === 0 || (n & (n - 1)) === 0) {
      this.#scale = medianSize([...this.#seen, difference]) / 0.6745;
      for (const [at, weight] of prior.entries()) this.#up[at] = this.#down[at] = weight / 2;
      for (const earlier of this.#seen) learn(this.#up, this.#down, earlier, this.#scale);
    }
    this.capital *= 2 * learn(this.#up, this.#down, difference, this.#scale);
    this.largest = Math.max(this.largest, this.capital);
    this.#seen.push(difference);
    return this.capital;
  }
}

/** @returns what was put on the sign that came */
function learn(up: Float64Array, down: Float64Array, difference: number, scale: number): number {
  // Of equal results there is no sign to bet on.
  if (difference === 0) return 0.5;
  const size = Math.max(-mostSize, Math.min(mostSize, difference / scale));
  let total = 0;
  for (let at = 0; at < effects.length; at++) {
    const likely = 1 / (1 + Math.exp(-2 * (effects[at] ?? 0) * size));
    up[at] = (up[at] ?? 0) * likely;
    down[at] = (down[at] ?? 0) * (1 - likely);
    total += (up[at] ?? 0) + (down[at] ?? 0);
  }
  for (let at = 0; at < effects.length; at++) {
    up[at] = (up[at] ?? 0) / total;
    down[at] = (down[at] ?? 0) / total;
  }
  return total;
}

/** p-value that holds at every look: one over the largest capital so far, at most 1. */
export function anytimeP(differences: readonly number[]): number {
  const bettor = new SignBettor();
  for (const difference of differences) bettor.see(difference);
  return 1 / bettor.largest;
}

/**
 * Where the centre of the differences lies with 95 % at every look at once: all centres μ that a bettor on the signs of
 * d − μ has not ruled out. It excludes 0 exactly where `anytimeP` is at most 0.05. Ends may be infinite; they are below six
 * differences.
 */
export function confidenceSequence(differences: readonly number[], doubt = 1 - level): Interval {
  if (2 ** (differences.length - 1) * doubt < 1) return { low: -Infinity, high: Infinity };
  const isRuledOut = (centre: number) => anytimeP(differences.map((difference) => difference - centre)) <= doubt;
  const centre = medianOf(differences);
  const spread = largestOf(differences) - smallestOf(differences);
  return { low: endOf(centre, -spread, isRuledOut), high: endOf(centre, spread, isRuledOut) };
}

/** Bisects between what is not ruled out and what is. What is ruled out on the way to 0 stays so beyond it. */
function endOf(centre: number, spread: number, isRuledOut: (centre: number) => boolean): number {
  if (spread === 0) return centre;
  let [inside, outside] = [centre, centre + spread];
  for (let doubling = 0; !isRuledOut(outside); doubling++) {
    if (doubling === 20) return spread < 0 ? -Infinity : Infinity;
    [inside, outside] = [outside, centre + (outside - centre) * 2];
  }
  const isBetween = (value: number, end: number) => (value - centre) * (value - end) < 0;
  if (isRuledOut(0)) {
    if (isBetween(0, outside)) outside = 0;
    if (isBetween(0, inside)) inside = centre;
  } else if (isBetween(0, outside) && isBetween(inside, 0)) inside = 0;
  while (Math.abs(outside - inside) > 1e-5 * Math.abs(spread)) {
    const middle = (inside + outside) / 2;
    if (isRuledOut(middle)) outside = middle;
    else inside = middle;
  }
  return outside;
}

/** Where most results are equal, the median of the others. */
function medianSize(differences: readonly number[]): number {
  const sizes = differences.filter((difference) => difference !== 0).map(Math.abs);
  return medianOf(sizes);
}

function normalised(weights: Float64Array): Float64Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
