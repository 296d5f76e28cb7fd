/** Ways to take the value of a pixel from the pixels of another map in which it lies. */
import type { PixelPoints } from "@ml-mosaic/fits";

export const samplings = ["nearest", "bilinear", "conserving"] as const;
export type Sampling = (typeof samplings)[number];

/** Pixels of a box of a map: rows from `top`, columns from `left`. */
export interface Block {
  readonly top: number;
  readonly left: number;
  readonly width: number;
  readonly values: Float64Array;
  /** How many columns farther the sky comes again; undefined where it does not. */
  readonly turn: number | undefined;
}

/** NaN outside of it. */
export function valueAt({ top, left, width, values, turn }: Block, x: number, y: number): number {
  const row = y - top;
  let column = x - left;
  if (turn !== undefined && (column < 0 || column >= width))
    column = Math.round(column - turn * Math.floor((column + 0.5) / turn));
  if (row < 0 || column < 0 || column >= width) return Number.NaN;
  return values[row * width + column] ?? Number.NaN;
}

/** Of the four pixels around a point, by how near they are; NaN where one of them is not known. */
export function bilinear(block: Block, column: number, row: number): number {
  const [x, y] = [onPixel(column), onPixel(row)];
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [x - left, y - top];
  let sum = 0;
  // A point on a row or column of pixels needs no other.
  for (const [dx, dy, weight] of [
    [0, 0, (1 - u) * (1 - v)],
    [1, 0, u * (1 - v)],
    [0, 1, (1 - u) * v],
    [1, 1, u * v],
  ] as const)
    if (weight > 0) sum += weight * valueAt(block, left + dx, top + dy);
  return sum;
}

/** Where the rounding of coordinates has moved the middle of a pixel, no other pixel is asked for, which the edge may not have. */
function onPixel(place: number): number {
  return Math.abs(place - Math.round(place)) < 1e-6 ? Math.round(place) : place;
}

/**
 * The mean over a quadrilateral, each pixel by the area that it has in it: what is summed over a map, times the area of a pixel,
 * stays. NaN where less than half of the area is known.
 *
 * @param corners in their order around it, in pixels; (0, 0) is the middle of the first one
 */
export function meanOver(block: Block, corners: PixelPoints): number {
  const [first = 0] = corners.x;
  // Around the seam of a map of the whole sky its corners lie at both ends.
  const xs = Array.from(corners.x, (x) => nearTo(first, x, block.turn));
  const ys = [...corners.y];
  if ([...xs, ...ys].some(Number.isNaN)) return Number.NaN;
  const whole = areaOf(xs.map((x, i) => [x, ys[i] ?? 0]));
  let [sum, known] = [0, 0];
  for (let y = Math.floor(Math.min(...ys) + 0.5); y <= Math.ceil(Math.max(...ys) - 0.5); y++) {
    for (let x = Math.floor(Math.min(...xs) + 0.5); x <= Math.ceil(Math.max(...xs) - 0.5); x++) {
      const value = valueAt(block, x, y);
      if (!Number.isFinite(value)) continue;
      const area = areaOf(
        clipped(
          xs.map((each, i) => [each, ys[i] ?? 0]),
          [x - 0.5, y - 0.5, x + 0.5, y + 0.5],
        ),
      );
      sum += area * value;
      known += area;
    }
  }
  return known < whole / 2 || known === 0 ? Number.NaN : sum / known;
}

function nearTo(place: number, x: number, turn: number | undefined): number {
  return turn === undefined ? x : x + turn * Math.round((place - x) / turn);
}

type Point = readonly [x: number, y: number];

/** Of a polygon, whichever way round it goes. */
function areaOf(polygon: readonly Point[]): number {
  let twice = 0;
  for (const [i, [x, y]] of polygon.entries()) {
    const [nextX, nextY] = polygon[(i + 1) % polygon.length] ?? [x, y];
    twice += x * nextY - nextX * y;
  }
  return Math.abs(twice) / 2;
}

/** What of a convex polygon lies in a box (Sutherland and Hodgman, 1974). */
function clipped(polygon: readonly Point[], [x0, y0, x1, y1]: readonly [number, number, number, number]) {
  const sides: readonly ((point: Point) => number)[] = [
    ([x]) => x - x0,
    ([x]) => x1 - x,
    ([, y]) => y - y0,
    ([, y]) => y1 - y,
  ];
  return sides.reduce<readonly Point[]>((left, inside) => {
    return left.flatMap((point, i) => {
      const before = left[(i + left.length - 1) % left.length] ?? point;
      const [from, to] = [inside(before), inside(point)];
      const share = from / (from - to);
      const crossing: readonly Point[] =
        from < 0 === to < 0
          ? []
          : [[before[0] + share * (point[0] - before[0]), before[1] + share * (point[1] - before[1])]];
      return to < 0 ? crossing : [...crossing, point];
    });
  }, polygon);
}
