/** The parameters with the least squares, and the model there. */
export interface CurveFit {
  readonly parameters: readonly number[];
  readonly sumOfSquares: number;
}

const mostSteps = 40;

/**
 * Least squares after Levenberg (1944) and Marquardt (1963), with derivatives by differences.
 *
 * @param model values for parameters, as many as there are data
 * @param data NaN is left out
 * @returns undefined where no step leads on, or values are not finite
 */
export function fitCurve(
  model: (parameters: readonly number[]) => ArrayLike<number>,
  data: ArrayLike<number>,
  start: readonly number[],
): CurveFit | undefined {
  const residuals = (parameters: readonly number[]) => {
    const values = model(parameters);
    const apart = new Float64Array(data.length);
    for (let i = 0; i < apart.length; i++) {
      const each = (data[i] ?? Number.NaN) - (values[i] ?? Number.NaN);
      apart[i] = Number.isNaN(data[i] ?? Number.NaN) ? 0 : each;
    }
    return apart;
  };
  const squares = (apart: Float64Array) => apart.reduce((sum, each) => sum + each * each, 0);
  let parameters = start;
  let apart = residuals(parameters);
  let best = squares(apart);
  let damping = 1e-3;
  if (!Number.isFinite(best)) return undefined;
  for (let step = 0; step < mostSteps; step++) {
    const columns = parameters.map((value, index) => {
      const small = 1e-5 * Math.max(Math.abs(value), 1e-3 * Math.max(...parameters.map(Math.abs)), 1e-12);
      const moved = residuals(parameters.map((each, i) => (i === index ? each + small : each)));
      return moved.map((each, i) => ((apart[i] ?? 0) - each) / small);
    });
    const normal = columns.map((a) => columns.map((b) => dot(a, b)));
    const gradient = columns.map((a) => dot(a, apart));
    let isBetter = false;
    for (let tries = 0; tries < 8 && !isBetter; tries++) {
      const damped = normal.map((row, i) => row.map((each, j) => (i === j ? each * (1 + damping) + 1e-300 : each)));
      const change = solved(damped, gradient);
      const tried = parameters.map((each, i) => each + (change[i] ?? 0));
      const after = residuals(tried);
      const sum = squares(after);
      if (sum < best) {
        isBetter = true;
        const gain = best - sum;
        [parameters, apart, best] = [tried, after, sum];
        damping = Math.max(1e-9, damping / 5);
        if (gain < 1e-8 * best) return finished(parameters, best);
      } else damping *= 5;
    }
    if (!isBetter) break;
  }
  return finished(parameters, best);
}

function finished(parameters: readonly number[], sumOfSquares: number): CurveFit | undefined {
  return parameters.every(Number.isFinite) ? { parameters, sumOfSquares } : undefined;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** Gauss's elimination, the largest pivot first. */
function solved(matrix: readonly (readonly number[])[], right: readonly number[]): readonly number[] {
  const rows = matrix.map((row, i) => [...row, right[i] ?? 0]);
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    const order = rows.slice(column).sort((a, b) => Math.abs(b[column] ?? 0) - Math.abs(a[column] ?? 0));
    rows.splice(column, size - column, ...order);
    const pivot = rows[column] ?? [];
    for (const row of rows.slice(column + 1)) {
      const factor = (row[column] ?? 0) / (pivot[column] || 1e-300);
      for (let i = column; i <= size; i++) row[i] = (row[i] ?? 0) - factor * (pivot[i] ?? 0);
    }
  }
  const solution = new Array<number>(size).fill(0);
  for (let i = size - 1; i >= 0; i--) {
    const row = rows[i] ?? [];
    let sum = row[size] ?? 0;
    for (let j = i + 1; j < size; j++) sum -= (row[j] ?? 0) * (solution[j] ?? 0);
    solution[i] = sum / (row[i] || 1e-300);
  }
  return solution;
}
