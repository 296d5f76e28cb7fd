/**
 * Places of the points of a curve that look the same where `columns` columns of pixels show it: of each column the first, the
 * last, the lowest and the highest stay, and where there is no number a gap.
 *
 * Source: Jugel et al., M4: a visualization-oriented time series data aggregation, VLDB 2014.
 *
 * @param x ascending
 */
export function thinPoints(x: Float64Array, y: Float64Array, columns: number): readonly number[] {
  const [first = 0, last = 0] = [x[0], x.at(-1)];
  const columnOf = (place: number) => Math.floor((((x[place] ?? 0) - first) / (last - first || 1)) * columns);
  const isGap = (place: number) => Number.isNaN(y[place]);
  const kept: number[] = [];
  let start = 0;
  for (let end = 1; end <= y.length; end++) {
    const isSame = end < y.length && columnOf(end) === columnOf(start) && isGap(end) === isGap(start);
    if (isSame) continue;
    kept.push(...(isGap(start) ? [start] : extremes(y, start, end)));
    start = end;
  }
  return kept;
}

/** In their order, each once. */
function extremes(y: Float64Array, start: number, end: number): readonly number[] {
  let [lowest, highest] = [start, start];
  for (let place = start; place < end; place++) {
    if ((y[place] ?? 0) < (y[lowest] ?? 0)) lowest = place;
    if ((y[place] ?? 0) > (y[highest] ?? 0)) highest = place;
  }
  return [...new Set([start, Math.min(lowest, highest), Math.max(lowest, highest), end - 1])];
}
