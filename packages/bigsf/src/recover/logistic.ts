/**
 * Logistic regression of few parameters on few data, which may be all hits or all misses on a side: Firth (Biometrika 80,
 * 1993), by Heinze and Schemper (Statistics in Medicine 21, 2002). The likelihood is multiplied by the root of the determinant
 * of Fisher's information, Jeffreys' prior, so that the estimate is always finite.
 */
import { normalQuantile } from "@ml-mosaic/statistics";

export interface LogisticFit {
  readonly coefficients: readonly number[];
  /** Of the coefficients: the inverse of the information. */
  readonly covariance: readonly (readonly number[])[];
}

/** With its 95 % interval. */
export interface Chance {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const mostSteps = 100;
const longestStep = 5;

/**
 * @param rows predictors of each datum, the 1 of the intercept among them
 * @param hits whether it came true
 */
export function fitLogistic(rows: readonly (readonly number[])[], hits: readonly boolean[]): LogisticFit {
  const count = rows[0]?.length ?? 0;
  let coefficients = new Array<number>(count).fill(0);
  let best = penalized(rows, hits, coefficients);
  for (let step = 0; step < mostSteps; step++) {
    const { inverse, score } = best;
    const change = inverse.map((row) => dot(row, score));
    const longest = Math.max(...change.map(Math.abs));
    let scale = Math.min(1, longestStep / Math.max(longest, 1e-300));
    let next = best;
    let moved = coefficients;
    for (let halving = 0; halving < 30; halving++, scale /= 2) {
      moved = coefficients.map((value, i) => value + scale * (change[i] ?? 0));
      next = penalized(rows, hits, moved);
      if (next.likelihood >= best.likelihood) break;
    }
    if (!(next.likelihood >= best.likelihood)) break;
    coefficients = moved;
    best = next;
    if (longest * scale < 1e-9) break;
  }
  return { coefficients, covariance: best.inverse };
}

/** At a place of the predictors, with the interval of Wald on the logit scale. @param offset added to the logit */
export function chanceAt({ coefficients, covariance }: LogisticFit, row: readonly number[], offset = 0): Chance {
  const logit = dot(coefficients, row) + offset;
  const variance = covariance.reduce((sum, each, i) => sum + (row[i] ?? 0) * dot(each, row), 0);
  const half = normalQuantile(0.975, 0, 1) * Math.sqrt(Math.max(0, variance));
  const share = (value: number) => 1 / (1 + Math.exp(-value));
  return { value: share(logit), low: share(logit - half), high: share(logit + half) };
}

function penalized(rows: readonly (readonly number[])[], hits: readonly boolean[], coefficients: readonly number[]) {
  const count = coefficients.length;
  const information = Array.from({ length: count }, () => new Array<number>(count).fill(0));
  const chances = rows.map((row) => 1 / (1 + Math.exp(-dot(coefficients, row))));
  let likelihood = 0;
  for (const [index, row] of rows.entries()) {
    const chance = chances[index] ?? 0;
    const weight = chance * (1 - chance);
    likelihood += Math.log(Math.max(1e-300, hits[index] === true ? chance : 1 - chance));
    for (const [i, target] of information.entries())
      for (let j = 0; j < count; j++) target[j] = (target[j] ?? 0) + weight * (row[i] ?? 0) * (row[j] ?? 0);
  }
  const { inverse, logDeterminant } = inverted(information);
  const score = new Array<number>(count).fill(0);
  for (const [index, row] of rows.entries()) {
    const chance = chances[index] ?? 0;
    // Its weight times how much it decides by itself.
    const leverage = chance * (1 - chance) * inverse.reduce((sum, each, i) => sum + (row[i] ?? 0) * dot(each, row), 0);
    const apart = (hits[index] === true ? 1 : 0) - chance + leverage * (0.5 - chance);
    for (let i = 0; i < count; i++) score[i] = (score[i] ?? 0) + apart * (row[i] ?? 0);
  }
  return { likelihood: likelihood + logDeterminant / 2, inverse, score };
}

/** Of a matrix that is symmetric and positive, by Gauss and Jordan. */
function inverted(matrix: readonly (readonly number[])[]) {
  const size = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  let logDeterminant = 0;
  for (let pivot = 0; pivot < size; pivot++) {
    const top = rows[pivot] ?? [];
    // What hardly varies has an error without bound, not a division by zero.
    const value = Math.max(top[pivot] ?? 0, 1e-12);
    logDeterminant += Math.log(value);
    for (let j = 0; j < 2 * size; j++) top[j] = (top[j] ?? 0) / value;
    for (const [i, row] of rows.entries()) {
      const factor = row[pivot] ?? 0;
      if (i === pivot || factor === 0) continue;
      for (let j = 0; j < 2 * size; j++) row[j] = (row[j] ?? 0) - factor * (top[j] ?? 0);
    }
  }
  return { inverse: rows.map((row) => row.slice(size)), logDeterminant };
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
