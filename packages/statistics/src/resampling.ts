/**
 * Means and sums of a model's results over random choices and signs that are the same for all models. What is drawn of a
 * difference is then the difference of what was drawn of both, so that a model is drawn from once, not once for each of
 * its pairs.
 */
import { seededBits } from "./random.ts";

const resamples = 5000;
export const signDraws = 9999;
const choiceSeed = 20_260_101;
const signSeed = 20_260_102;

const means = new WeakMap<readonly number[], Float64Array>();
const sums = new WeakMap<readonly number[], Float64Array>();

/** The mean of each of 5,000 bootstrap samples. */
export function resampledMeans(values: readonly number[]): Float64Array {
  const known = means.get(values);
  if (known !== undefined) return known;
  const sample = Float64Array.from(values);
  const drawn = sample.length * resamples <= mostKept ? meansOfKept(sample) : meansOfDrawn(sample);
  means.set(values, drawn);
  return drawn;
}

/** The sum under each of 9,999 choices of signs. Eight at a time: the 256 sums of every eight values are tabled first. */
export function signedSums(values: readonly number[]): Float64Array {
  const known = sums.get(values);
  if (known !== undefined) return known;
  const tables: Float64Array[] = [];
  for (let start = 0; start < values.length; start += 8)
    tables.push(Float64Array.from({ length: 256 }, (_, signs) => signedSum(values.slice(start, start + 8), signs)));
  const bits = seededBits(signSeed);
  const drawn = new Float64Array(signDraws);
  for (let draw = 0; draw < signDraws; draw++) {
    let sum = 0;
    let word = 0;
    for (let index = 0; index < tables.length; index++) {
      word = index % 4 === 0 ? bits() : word >>> 8;
      sum += tables[index]?.[word & 255] ?? 0;
    }
    drawn[draw] = sum;
  }
  sums.set(values, drawn);
  return drawn;
}

/** The sums of so many ones under the same signs. */
export function signedCounts(n: number): Float64Array {
  const known = ones.get(n) ?? new Array<number>(n).fill(1);
  ones.set(n, known);
  return signedSums(known);
}

const ones = new Map<number, readonly number[]>();

function signedSum(values: readonly number[], signs: number): number {
  return values.reduce((sum, value, bit) => sum + ((signs >> bit) & 1 ? value : -value), 0);
}

/** Most models have the same number of results: which values each resample takes is kept, up to so many. */
const mostKept = 2 ** 23;

function meansOfKept(sample: Float64Array): Float64Array {
  const n = sample.length;
  if (choices.length !== n * resamples) {
    const choose = chooser(n);
    choices = new Uint32Array(n * resamples);
    for (let index = 0; index < choices.length; index++) choices[index] = choose();
  }
  const drawn = new Float64Array(resamples);
  for (let resample = 0, at = 0; resample < resamples; resample++) {
    let sum = 0;
    for (const end = at + n; at < end; at++) sum += sample[choices[at] ?? 0] ?? 0;
    drawn[resample] = sum / n;
  }
  return drawn;
}

/** The same, drawn anew for each model. */
function meansOfDrawn(sample: Float64Array): Float64Array {
  const n = sample.length;
  const choose = chooser(n);
  const drawn = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample++) {
    let sum = 0;
    for (let count = 0; count < n; count++) sum += sample[choose()] ?? 0;
    drawn[resample] = sum / n;
  }
  return drawn;
}

function chooser(n: number): () => number {
  const bits = seededBits(choiceSeed);
  return () => bits() % n;
}

let choices = new Uint32Array();
