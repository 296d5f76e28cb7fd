import { expect, test } from "vitest";
import { normalAt } from "../sample/lattice-random.ts";
import { backgroundNoise } from "./background-noise.ts";

/** Of what is symmetric and positive: Gauss's elimination gives its solution and its determinant. */
function solved(matrix: readonly (readonly number[])[], right: readonly number[]) {
  const rows = matrix.map((row, i) => [...row, right[i] ?? 0]);
  let logDeterminant = 0;
  for (const [i, row] of rows.entries()) {
    const pivot = row[i] ?? 0;
    logDeterminant += Math.log(pivot);
    for (const [j, other] of rows.entries()) {
      const factor = (other[i] ?? 0) / pivot;
      if (i !== j) for (const k of other.keys()) other[k] = (other[k] ?? 0) - factor * (row[k] ?? 0);
    }
  }
  return { solution: rows.map((row, i) => (row.at(-1) ?? 0) / (row[i] ?? 1)), logDeterminant };
}

test.each([0.1, 1, 100])(
  "a walk with white noise of ratio %s on it has this covariance, gaps among the offsets too",
  (ratio) => {
    const offsets = Float64Array.of(-6, -5.5, -5, -3, -0.5, 0, 0.5, 4, 7);
    const residuals = offsets.map((_, i) => normalAt(1, 2, 3, i));
    const walk = (i: number, j: number) => 13 + Math.min(offsets[i] ?? 0, offsets[j] ?? 0) - (offsets[0] ?? 0);
    const covariance = Array.from(offsets, (_, i) => Array.from(offsets, (_, j) => walk(i, j) + (i === j ? ratio : 0)));
    const { solution, logDeterminant } = solved(covariance, Array.from(residuals));
    const noise = backgroundNoise(offsets, ratio);
    const squares = noise.whitened(residuals).reduce((sum, each) => sum + each * each, 0);
    expect(squares).toBeCloseTo(
      solution.reduce((sum, each, i) => sum + each * (residuals[i] ?? 0), 0),
      9,
    );
    expect(noise.logDeterminant).toBeCloseTo(logDeterminant, 9);
  },
);
