import { normalAt } from "./lattice-random.ts";

export interface TurbulenceOptions {
  readonly seed: number;
  /** Random streams from this number on are used, one a scale. */
  readonly stream: number;
  readonly width: number;
  /** Pixels of the largest and the smallest structures: powers of two. */
  readonly largest: number;
  readonly smallest: number;
  /** beta of the power spectrum P(k) ~ k^-beta; observed column densities have 2.5 to 3. */
  readonly slope: number;
}

/**
 * A random field with mean 0 and deviation 1 whose spectrum follows a power law between two scales, row by row: any rows
 * of a field without end, in memory a few rows.
 *
 * It is the sum of white noise on lattices of 512, 256, … pixels, interpolated with cubic B-splines. The spectrum of one
 * such lattice is flat up to its own scale and falls off steeply beyond; with the deviations s^((beta - 2) / 2) the sum
 * follows k^-beta, from half of the largest scale down to 6 times the smallest.
 */
export function turbulence(options: TurbulenceOptions): (y: number) => Float64Array {
  const { seed, stream, width, largest, smallest, slope } = options;
  const scales: number[] = [];
  for (let scale = largest; scale >= smallest; scale /= 2) scales.push(scale);
  const total = Math.sqrt(scales.reduce((sum, scale) => sum + scale ** (slope - 2), 0));
  const layers = scales.map((scale, index) =>
    latticeLayer(seed, stream + index, width, scale, scale ** ((slope - 2) / 2) / total),
  );
  return (y) => {
    const row = new Float64Array(width);
    for (const add of layers) add(y, row);
    return row;
  };
}

/** Mean over all positions of the sum of the squared weights of a cubic B-spline: 151 / 315 along each axis. */
const SPLINE_VARIANCE = 151 / 315;

function latticeLayer(seed: number, stream: number, width: number, scale: number, deviation: number) {
  const nodes = Math.floor(width / scale) + 5;
  const weights = Array.from({ length: scale }, (_, phase) => splineWeights((phase + 0.5) / scale));
  const factor = deviation / SPLINE_VARIANCE;
  // Lattices of different scales do not share their nodes.
  const shift = Math.floor(scale / 3);
  const known = new Map<number, Float64Array>();
  const nodeRow = (index: number): Float64Array => {
    let row = known.get(index);
    if (row === undefined) {
      row = Float64Array.from({ length: nodes }, (_, x) => normalAt(seed, stream, index, x));
      known.set(index, row);
      for (const old of known.keys()) if (known.size > 8) known.delete(old);
    }
    return row;
  };
  const mixed = new Float64Array(nodes);
  return (y: number, into: Float64Array): void => {
    const first = Math.floor((y + shift) / scale);
    const vertical = weights[y + shift - first * scale] ?? [0, 0, 0, 0];
    mixed.fill(0);
    for (const [i, weight] of vertical.entries()) {
      const row = nodeRow(first + i);
      for (let x = 0; x < nodes; x++) mixed[x] = (mixed[x] ?? 0) + weight * factor * (row[x] ?? 0);
    }
    let phase = shift;
    let node = 0;
    for (let x = 0; x < width; x++) {
      const [a = 0, b = 0, c = 0, d = 0] = weights[phase] ?? [];
      into[x] =
        (into[x] ?? 0) +
        a * (mixed[node] ?? 0) +
        b * (mixed[node + 1] ?? 0) +
        c * (mixed[node + 2] ?? 0) +
        d * (mixed[node + 3] ?? 0);
      phase += 1;
      if (phase === scale) {
        phase = 0;
        node += 1;
      }
    }
  };
}

type Weights = readonly [number, number, number, number];

/** Of the four nodes around a place, t from the second one, 0..1. */
function splineWeights(t: number): Weights {
  return [(1 - t) ** 3 / 6, (3 * t ** 3 - 6 * t ** 2 + 4) / 6, (-3 * t ** 3 + 3 * t ** 2 + 3 * t + 1) / 6, t ** 3 / 6];
}
