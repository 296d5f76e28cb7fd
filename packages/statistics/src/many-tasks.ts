/** Summaries over many data sets at once, of results that were put on one scale. */
import { seededRandom } from "./random.ts";
import { type Interval, level, meanOf, quantileOf, select } from "./sample.ts";

/** Of one model: for each data set the scores of its repetitions, 1 as good as the best result, 0 as bad as the worst. */
export type TaskScores = readonly (readonly number[])[];

/** 2,000 resamples; fewer where there are many results, which take longer and are swayed less. */
const resamplesOf = (results: number) => Math.max(200, Math.min(2000, Math.floor(200_000 / results)));
const seed = 20_260_104;

export interface InterquartileMean extends Interval {
  readonly mean: number;
}

/**
 * Mean of the middle half of all scores: less swayed by single results than the mean, less wasteful than the median.
 * The interval is the percentile bootstrap's, with repetitions drawn anew within each data set.
 *
 * Source: Agarwal et al., Deep reinforcement learning at the edge of the statistical precipice, NeurIPS (2021).
 */
export function interquartileMean(scores: TaskScores): InterquartileMean {
  const random = seededRandom(seed);
  const sample = new Float64Array(scores.flat().length);
  const means = Float64Array.from({ length: resamplesOf(sample.length) }, () => {
    let place = 0;
    for (const task of scores)
      for (let count = 0; count < task.length; count++)
        sample[place++] = task[Math.floor(random() * task.length)] ?? Number.NaN;
    return middleMeanOf(sample);
  });
  return {
    mean: middleMean(scores.flat()),
    low: quantileOf(means, (1 - level) / 2),
    high: quantileOf(means, (1 + level) / 2),
  };
}

/** As SciPy's `trim_mean(…, 0.25)`. */
export function middleMean(values: readonly number[]): number {
  return middleMeanOf(Float64Array.from(values));
}

/** Moves the values about, which is faster than sorting. */
function middleMeanOf(values: Float64Array): number {
  const cut = Math.floor(values.length / 4);
  const end = values.length - cut;
  select(values, cut);
  select(values.subarray(cut), end - cut - 1);
  let sum = 0;
  for (let index = cut; index < end; index++) sum += values[index] ?? Number.NaN;
  return sum / (end - cut);
}

/**
 * The share of results, each data set counting the same, with a score above τ.
 *
 * Source: Agarwal et al. (2021), score distributions; Dolan and Moré (2002).
 */
export function performanceProfile(scores: TaskScores, thresholds: readonly number[]): readonly number[] {
  return thresholds.map((threshold) =>
    meanOf(scores.map((task) => task.filter((score) => score > threshold).length / task.length)),
  );
}

/**
 * For each threshold the interval of the profile: the percentile bootstrap's, with repetitions drawn anew within each
 * data set.
 *
 * @param thresholds ascending
 */
export function profileBand(scores: TaskScores, thresholds: readonly number[]): readonly Interval[] {
  const random = seededRandom(seed);
  // Of each score, how many thresholds it is above.
  const passed = scores.map((task) => task.map((score) => thresholds.filter((threshold) => score > threshold).length));
  const resamples = resamplesOf(scores.flat().length);
  const shares = thresholds.map(() => new Float64Array(resamples));
  for (let resample = 0; resample < resamples; resample++) {
    const weights = new Float64Array(thresholds.length + 1);
    for (const task of passed)
      for (let count = 0; count < task.length; count++) {
        const drawn = task[Math.floor(random() * task.length)] ?? 0;
        weights[drawn] = (weights[drawn] ?? 0) + 1 / (task.length * scores.length);
      }
    let share = 0;
    for (let place = thresholds.length - 1; place >= 0; place--) {
      share += weights[place + 1] ?? 0;
      shares[place]?.fill(share, resample, resample + 1);
    }
  }
  return shares.map((values) => ({
    low: quantileOf(values, (1 - level) / 2),
    high: quantileOf(values, (1 + level) / 2),
  }));
}
