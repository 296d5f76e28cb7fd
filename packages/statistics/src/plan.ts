/**
 * How many more repetitions would decide, and with what chance: the predictive probability of a verdict ("assurance").
 *
 * The differences that are there say how large effect and spread may be; for many of these the coming differences are drawn,
 * and the verdict is asked at every look. What is planned for is the verdict that counts when repetitions are added, the one
 * that holds at every look.
 *
 * Prior: the effect, in standard deviations, is normal with mean 0 and standard deviation 1; the standard deviation is unknown
 * on every scale alike. Differences are taken to be normal.
 *
 * Source: O'Hagan, Stevens and Campbell, Assurance in clinical trial design, Pharmaceutical Statistics 4 (2005); Spiegelhalter,
 * Freedman and Parmar, Applying Bayesian ideas in drug development and clinical trials, Statistics in Medicine 12 (1993).
 */
import { normalQuantile } from "./distributions.ts";
import { type Random, seededRandom } from "./random.ts";
import { deviationOf, medianOf, mostDoubt } from "./sample.ts";
import { SignBettor } from "./sign-prediction.ts";

export interface Plan {
  /** More repetitions with which a verdict comes with a chance of 50 and of 80 %; undefined where `horizon` is not enough. */
  readonly even: number | undefined;
  readonly likely: number | undefined;
  /** The chance that there is a verdict after `horizon` more. */
  readonly chance: number;
  readonly horizon: number;
}

/** From so many differences on; two say too little of their spread. */
export const fewestToPlan = 3;
const horizon = 200;
const futures = 100;
const effectSteps = Array.from({ length: 81 }, (_, step) => (step - 40) / 8);
const spreadSteps = Array.from({ length: 33 }, (_, step) => 2 ** ((step - 16) / 4));

/**
 * @param given differences of an undecided pair, in the order of their repetitions
 * @param rope half width of the region of practical equivalence
 * @param factor of the correction: how many times stricter than for a single pair
 * @returns undefined below three differences, and where all are the same
 */
export function planFor(given: readonly number[], rope: number, factor = 1): Plan | undefined {
  const spread = deviationOf(given);
  // Which model is called A must change nothing.
  const differences = medianOf(given) < 0 ? given.map((difference) => -difference) : given;
  if (given.length < fewestToPlan || spread === 0 || !Number.isFinite(spread)) return undefined;
  const random = seededRandom(20_260_103);
  const drawTruth = posterior(
    differences.map((difference) => difference / spread),
    random,
  );
  const present = { seen: differences, low: new SignBettor(), high: new SignBettor() };
  for (const difference of differences) {
    present.low.see(difference + rope);
    if (rope > 0) present.high.see(difference - rope);
  }
  const counts: number[] = [];
  for (let future = 0; future < futures; future++) {
    const { effect, scale } = drawTruth();
    counts.push(firstVerdict(present, rope, factor, () => spread * scale * (effect + normal(random))));
  }
  counts.sort((one, other) => one - other);
  const within = (share: number) => {
    const count = counts[Math.ceil(share * futures) - 1] ?? Infinity;
    return count <= horizon ? count : undefined;
  };
  return {
    even: within(0.5),
    likely: within(0.8),
    chance: counts.filter((count) => count <= horizon).length / futures,
    horizon,
  };
}

/** What has been seen, and who has bet on the signs of the differences from both ends of the region of equivalence. */
interface Present {
  readonly seen: readonly number[];
  readonly low: SignBettor;
  readonly high: SignBettor;
}

/** How many differences more until `anytimeEvidence` gives a verdict; Infinity beyond the horizon. */
function firstVerdict(present: Present, rope: number, factor: number, draw: () => number): number {
  const [low, high] = [present.low.copy(), present.high.copy()];
  const seen = [...present.seen];
  for (let more = 1; more <= horizon; more++) {
    const value = draw();
    seen.push(value);
    low.see(value + rope);
    if (rope > 0) high.see(value - rope);
    const [doubtLow, doubtHigh] = rope > 0 ? [1 / low.largest, 1 / high.largest] : [1 / low.largest, 1 / low.largest];
    // The median takes longer than to see that neither verdict is near.
    if (Math.min(doubtLow, doubtHigh) > mostDoubt * 2) continue;
    const centre = medianOf(seen);
    const doubt =
      rope > 0 && Math.abs(centre) <= rope
        ? Math.max(doubtLow, doubtHigh) / 2
        : factor * (centre > 0 ? doubtHigh : doubtLow);
    if (doubt <= mostDoubt) return more;
  }
  return Infinity;
}

/** Draws effect and spread given the differences, on a grid. */
function posterior(differences: readonly number[], random: Random): () => { effect: number; scale: number } {
  const n = differences.length;
  const [sum, squares] = differences.reduce(([total, square], value) => [total + value, square + value ** 2], [0, 0]);
  const cells = effectSteps.flatMap((effect) =>
    spreadSteps.map((scale) => ({
      effect,
      scale,
      log:
        -(effect ** 2) / 2 -
        n * Math.log(scale) -
        (squares - 2 * effect * scale * sum + n * (effect * scale) ** 2) / (2 * scale ** 2),
    })),
  );
  const largest = cells.reduce((most, { log }) => Math.max(most, log), -Infinity);
  let total = 0;
  const cumulative = cells.map(({ log }) => {
    total += Math.exp(log - largest);
    return total;
  });
  return () => {
    const place = random() * total;
    const index = cumulative.findIndex((weight) => weight >= place);
    return cells[index] ?? { effect: 0, scale: 1 };
  };
}

function normal(random: Random): number {
  return normalQuantile((random() + 2 ** -33) / (1 + 2 ** -32), 0, 1);
}

/**
 * The smallest true difference that n repetitions would show with a chance of 80 %, in standard deviations of the differences;
 * Infinity where n repetitions can show none.
 */
export function detectableEffect(n: number, factor = 1): number {
  if (n > mostSimulated) return detectableEffect(mostSimulated, factor) * Math.sqrt(mostSimulated / n);
  const key = `${n} ${Number(factor.toPrecision(3))}`;
  const known = detectable.get(key);
  if (known !== undefined) return known;
  const isShown = (effect: number) => {
    const random = seededRandom(n);
    let shown = 0;
    for (let trial = 0; trial < futures; trial++) {
      const bettor = new SignBettor();
      for (let repetition = 0; repetition < n; repetition++) bettor.see(effect + normal(random));
      if (bettor.largest * mostDoubt >= factor) shown++;
    }
    return shown >= 0.8 * futures;
  };
  let [low, high] = [0, 32];
  if (!isShown(high)) low = high = Infinity;
  for (let step = 0; step < 10 && high < Infinity; step++) {
    const middle = (low + high) / 2;
    if (isShown(middle)) high = middle;
    else low = middle;
  }
  detectable.set(key, high);
  return high;
}

const detectable = new Map<string, number>();
/** Beyond so many repetitions the effect falls with the root of their number. */
const mostSimulated = 100;
