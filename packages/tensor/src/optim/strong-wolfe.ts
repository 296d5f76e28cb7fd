/** A line search for the strong Wolfe conditions, as PyTorch's, which is that of Torch7's lswolfe.lua. */

/** The function along a line: its value, its gradient, and its slope along the line. */
export interface LinePoint {
  /** How far along the line. */
  readonly t: number;
  readonly value: number;
  readonly gradient: Float64Array;
  readonly slope: number;
}

interface Search {
  /** Where the search starts, at t = 0. */
  readonly from: LinePoint;
  /** The first t that is tried. */
  readonly first: number;
  /** Largest element of the direction. */
  readonly reach: number;
  readonly toleranceChange: number;
  readonly at: (t: number) => Promise<LinePoint>;
}

/** Sufficient decrease, and curvature. */
const [decrease, curvature, mostEvaluations] = [1e-4, 0.9, 25];

/** The minimum of the cubic through two points with their slopes, between bounds. */
function cubicMinimum(a: LinePoint, b: LinePoint, low = Math.min(a.t, b.t), high = Math.max(a.t, b.t)): number {
  const d1 = a.slope + b.slope - (3 * (a.value - b.value)) / (a.t - b.t);
  const square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const d2 = Math.sqrt(square);
  const [near, far] = a.t <= b.t ? [a, b] : [b, a];
  const least = far.t - (far.t - near.t) * ((far.slope + d2 - d1) / (far.slope - near.slope + 2 * d2));
  return Math.min(Math.max(least, low), high);
}

/** @returns a point that satisfies the conditions, or the best that was found, and how many were evaluated */
export async function strongWolfe(
  search: Search,
): Promise<{ readonly point: LinePoint; readonly evaluations: number }> {
  const { from, reach, toleranceChange, at } = search;
  const isFlat = ({ slope }: LinePoint) => Math.abs(slope) <= -curvature * from.slope;
  const isTooHigh = ({ t, value }: LinePoint) => value > from.value + decrease * t * from.slope;
  let before = from;
  let point = await at(search.first);
  let tried = 0;
  let bracket: [LinePoint, LinePoint] | undefined;
  while (tried < mostEvaluations && bracket === undefined) {
    if (isTooHigh(point) || (tried > 1 && point.value >= before.value)) bracket = [before, point];
    else if (isFlat(point)) return { point, evaluations: tried + 1 };
    else if (point.slope >= 0) bracket = [before, point];
    else {
      const next = cubicMinimum(before, point, point.t + 0.01 * (point.t - before.t), point.t * 10);
      before = point;
      point = await at(next);
      tried++;
    }
  }
  let [one, other] = bracket ?? [from, point];
  let wasNearEdge = false;
  // The lower one first.
  if (one.value > other.value) [one, other] = [other, one];
  while (tried < mostEvaluations && Math.abs(other.t - one.t) * reach >= toleranceChange) {
    const [low, high] = [Math.min(one.t, other.t), Math.max(one.t, other.t)];
    let t = cubicMinimum(one, other);
    const edge = 0.1 * (high - low);
    const isNearEdge = Math.min(high - t, t - low) < edge;
    if (isNearEdge && (wasNearEdge || t >= high || t <= low)) {
      t = Math.abs(t - high) < Math.abs(t - low) ? high - edge : low + edge;
      wasNearEdge = false;
    } else wasNearEdge = isNearEdge;
    const trial = await at(t);
    tried++;
    if (isTooHigh(trial) || trial.value >= one.value) {
      other = trial;
      if (one.value > other.value) [one, other] = [other, one];
      continue;
    }
    if (isFlat(trial)) return { point: trial, evaluations: tried + 1 };
    if (trial.slope * (other.t - one.t) >= 0) other = one;
    one = trial;
  }
  return { point: one, evaluations: tried + 1 };
}
