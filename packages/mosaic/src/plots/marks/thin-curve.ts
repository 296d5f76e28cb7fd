export interface LossPoint {
  readonly epoch: number;
  /** null is a gap. */
  readonly loss: number | null;
}

/**
 * A curve with fewer points that looks the same where `columns` columns of pixels show it: of the points in a column the
 * first, the last, the lowest and the highest stay. Gaps (null) stay gaps.
 *
 * Source: Jugel et al., M4: a visualization-oriented time series data aggregation, VLDB 2014.
 */
export function thinCurve(points: readonly LossPoint[], columns: number): LossPoint[] {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || points.length <= 2 * columns) return [...points];
  const columnOf = ({ epoch }: LossPoint) =>
    Math.floor(((epoch - first.epoch) / (last.epoch - first.epoch || 1)) * columns);
  const kept: LossPoint[] = [];
  let start = 0;
  for (let end = 1; end <= points.length; end++) {
    const [one, other] = [points[start], points[end]];
    if (one === undefined) break;
    const isSame =
      other !== undefined && columnOf(one) === columnOf(other) && (one.loss === null) === (other.loss === null);
    if (isSame) continue;
    kept.push(...extremesOf(points.slice(start, end)));
    start = end;
  }
  return kept;
}

/** In their order, each once. */
function extremesOf(points: readonly LossPoint[]): readonly LossPoint[] {
  let [lowest, highest] = [0, 0];
  for (const [index, { loss }] of points.entries()) {
    if (loss === null) return points.slice(0, 1);
    if (loss < (points[lowest]?.loss ?? Infinity)) lowest = index;
    if (loss > (points[highest]?.loss ?? -Infinity)) highest = index;
  }
  const places = new Set([0, lowest, highest, points.length - 1].sort((one, other) => one - other));
  return [...places].flatMap((place) => points[place] ?? []);
}
