import { normalQuantile, tQuantile } from "./distributions.ts";
import { unbiasing } from "./effect-size.ts";
import { deviationOf, meanOf } from "./sample.ts";

/** Plans beyond this say nothing. */
export const mostRepetitions = 10_000;
const power = 0.8;
const powerQuantile = normalQuantile(power, 0, 1);

/**
 * How many repetitions in all would probably (80 %) decide a pair that is undecided, if the differences go on as they
 * are; undefined beyond 10,000. Of three plans the shortest counts:
 * - a difference, by Noether: N = (t₁ + t₂)² / (3 (p′ − ½)²), where p′ is the probability that the mean of two differences
 *   lies beyond the region of practical equivalence, and t₁ and t₂ are the quantiles of level and power, of Student's
 *   distribution instead of the normal one. It takes nothing for normal, but is never below 11;
 * - a large difference, by the t-test: N = ((t₁ + t₂) s / J(|d̄| − rope))², J as in `effectSize`;
 * - equivalence: N = ((t₁ + t₂) s / (rope − |d̄|))².
 *
 * @param factor of Holm's correction: how many times stricter than for a single pair
 *
 * Source: Noether, Sample size determination for some common nonparametric tests, Journal of the American Statistical
 * Association 82 (1987), section 3; recommended by Bouthillier et al. (2021).
 */
export function repetitionsNeeded(differences: readonly number[], rope: number, factor = 1): number | undefined {
  const mean = meanOf(differences);
  const deviation = deviationOf(differences);
  const share = shareBeyond(mean < 0 ? differences.map((difference) => -difference) : differences, rope);
  const beyond = Math.abs(mean) - rope;
  // Three digits are plenty, and the same quantiles serve many pairs.
  const tail = Number((0.025 / factor).toPrecision(3));
  const needs = [
    share > 0.5 ? smallest(tail, 1 / (Math.sqrt(3) * (share - 0.5))) : Infinity,
    beyond > 0 ? smallest(tail, deviation / (unbiasing(differences.length) * beyond)) : Infinity,
    beyond < 0 ? smallest(0.05, deviation / -beyond) : Infinity,
  ];
  const needed = Math.min(...needs);
  return needed <= mostRepetitions ? Math.max(needed, differences.length + 1) : undefined;
}

/** p′ of Walsh's averages (dᵢ + dⱼ)/2, i < j; half a pair is added on either side, so that it is never 0 or 1. */
function shareBeyond(differences: readonly number[], rope: number): number {
  // All pairs of a hundred say enough.
  const some = differences.slice(0, 100);
  let beyond = 0.5;
  for (const [index, one] of some.entries())
    for (let before = 0; before < index; before++) if ((one + (some[before] ?? 0)) / 2 > rope) beyond++;
  return beyond / ((some.length * (some.length - 1)) / 2 + 1);
}

/** The smallest n with √n ≥ (t₁ + t₂) · ratio. It is a little more than what normal quantiles say. */
function smallest(tail: number, ratio: number): number {
  let n = Math.max(2, Math.floor(((normalQuantile(1 - tail, 0, 1) + powerQuantile) * ratio) ** 2));
  const isEnough = () => Math.sqrt(n) >= (tQuantile(1 - tail, n - 1) + tQuantile(power, n - 1)) * ratio;
  while (n <= mostRepetitions && !isEnough()) n++;
  return n > mostRepetitions ? Infinity : n;
}
