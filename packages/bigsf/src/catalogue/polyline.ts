import type { Point } from "./skeleton-graph.ts";

export function distanceOf(a: Point, b: Point): number {
  return Math.hypot(b.x - a.x, b.y - a.y);
}

export function polylineLength(points: readonly Point[]): number {
  let length = 0;
  for (const [index, point] of points.entries()) length += distanceOf(points[index - 1] ?? point, point);
  return length;
}

/** The point that lies so far along the line; its end where the line is shorter. */
export function pointAlong(points: readonly Point[], distance: number): Point | undefined {
  let left = distance;
  for (const [index, point] of points.entries()) {
    const before = points[index - 1] ?? point;
    const step = distanceOf(before, point);
    if (step >= left) {
      const share = step === 0 ? 0 : left / step;
      return { x: before.x + share * (point.x - before.x), y: before.y + share * (point.y - before.y) };
    }
    left -= step;
  }
  return points.at(-1);
}

/** The same line by points that are all as far from each other, about `step`; its ends stay. */
export function resampled(points: readonly Point[], step: number): readonly Point[] {
  const length = polylineLength(points);
  const [first] = points;
  if (first === undefined || length === 0) return points.slice(0, 1);
  const count = Math.max(1, Math.round(length / step));
  const made: Point[] = [];
  let [index, passed] = [1, 0];
  for (let i = 0; i <= count; i++) {
    const wanted = (length * i) / count;
    for (;;) {
      const [before, after] = [points[index - 1] ?? first, points[index] ?? first];
      const side = distanceOf(before, after);
      if (passed + side >= wanted || index >= points.length - 1) {
        const share = side === 0 ? 0 : Math.min(1, (wanted - passed) / side);
        made.push({ x: before.x + share * (after.x - before.x), y: before.y + share * (after.y - before.y) });
        break;
      }
      passed += side;
      index++;
    }
  }
  return made;
}

/** The corners of a line that leaves the points by no more than `tolerance`: Ramer (1972), Douglas and Peucker (1973). */
export function simplified(points: readonly Point[], tolerance: number): readonly Point[] {
  const kept = new Set([0, points.length - 1]);
  const parts: [number, number][] = [[0, points.length - 1]];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const [from, to] = part;
    const [a, b] = [points[from], points[to]];
    if (a === undefined || b === undefined) continue;
    let [farthest, most] = [from, tolerance];
    for (let i = from + 1; i < to; i++) {
      const point = points[i];
      const apart = point === undefined ? 0 : distanceFromSide(point, a, b);
      if (apart > most) [farthest, most] = [i, apart];
    }
    if (farthest === from) continue;
    kept.add(farthest);
    parts.push([from, farthest], [farthest, to]);
  }
  return points.filter((_, index) => kept.has(index));
}

function distanceFromSide(point: Point, a: Point, b: Point): number {
  const length = distanceOf(a, b);
  // The ends of a ring are one.
  if (length < 1e-9) return distanceOf(point, a);
  return Math.abs((b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x)) / length;
}

/** Heights of a Gaussian from its middle on, where it is 1, up to three deviations; weights that whoever takes them norms. */
export function halfGaussian(sigma: number): readonly number[] {
  return Array.from({ length: Math.ceil(3 * sigma) + 1 }, (_, i) => Math.exp(-(i * i) / (2 * sigma * sigma)));
}

/**
 * A line without the steps of its pixels: at each point the straight line through its neighbours, weighted by a Gaussian of `sigma`
 * points, whose ends are smoothed as well as its middle (Fan 1992). A straight line stays straight; a closed one goes round.
 */
export function smoothed(points: readonly Point[], sigma: number, isClosed: boolean): readonly Point[] {
  const weights = halfGaussian(sigma);
  const reach = weights.length - 1;
  const last = points.length - 1;
  return points.map((_, index) => {
    let [w0, w1, w2, x0, x1, y0, y1] = [0, 0, 0, 0, 0, 0, 0];
    for (let offset = -reach; offset <= reach; offset++) {
      const point = points[isClosed ? (((index + offset) % last) + last) % last : index + offset];
      if (point === undefined) continue;
      const weight = weights[Math.abs(offset)] ?? 0;
      w0 += weight;
      w1 += weight * offset;
      w2 += weight * offset * offset;
      x0 += weight * point.x;
      x1 += weight * offset * point.x;
      y0 += weight * point.y;
      y1 += weight * offset * point.y;
    }
    const scale = w0 * w2 - w1 * w1;
    return { x: (w2 * x0 - w1 * x1) / scale, y: (w2 * y0 - w1 * y1) / scale };
  });
}

/** Unit vectors along the line, as central differences. */
export function tangentsOf(points: readonly Point[], isClosed: boolean): readonly Point[] {
  const last = points.length - 1;
  return points.map((_, index) => {
    const before = isClosed ? (index + last - 1) % last : Math.max(0, index - 1);
    const after = isClosed ? (index + 1) % last : Math.min(last, index + 1);
    const [a, b] = [points[before], points[after]];
    if (a === undefined || b === undefined) return { x: 1, y: 0 };
    const length = distanceOf(a, b) || 1;
    return { x: (b.x - a.x) / length, y: (b.y - a.y) / length };
  });
}
