/** Lines and bands over a common axis. */
import type { Frame } from "./axes.ts";
import { dotRadius, drawDenseLines } from "./dense-lines.ts";
import type { Surface } from "./picture.ts";

export interface Line {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly color: string;
  readonly width: number;
  readonly opacity: number;
  readonly dash: readonly number[];
}

export interface BandShape {
  readonly x: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
  readonly color: string;
}

/** What lies outside the frame is cut off. */
export function withinFrame({ context }: Surface, frame: Frame, draw: () => void): void {
  context.save();
  context.beginPath();
  context.rect(frame.left, frame.top, frame.width, frame.height);
  context.clip();
  draw();
  context.restore();
}

/** Points of lines that are drawn as such; more take a canvas longer than counting pixels. */
const mostPoints = 150_000;

export function drawLines(surface: Surface, frame: Frame, lines: readonly Line[]): void {
  const points = lines.reduce((sum, { x }) => sum + x.length, 0);
  if (points <= mostPoints) drawEach(surface, frame, lines);
  else
    for (const alike of Map.groupBy(lines, ({ color, opacity }) => `${color} ${opacity}`).values())
      drawDenseLines(surface, frame, alike);
}

/** Longer paths take a canvas longer than all of their pieces: it looks at each edge in every row. */
const mostJoined = 50;

function drawEach({ context }: Surface, frame: Frame, lines: readonly Line[]): void {
  for (const { x, y, color, width, opacity, dash } of lines) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.globalAlpha = opacity;
    context.setLineDash([...dash]);
    context.lineDashOffset = 0;
    context.beginPath();
    let [isDown, joined, length] = [false, 0, 0];
    let [lastX, lastY] = [0, 0];
    for (let index = 0; index < x.length; index += 1) {
      const [across, up] = [frame.x(x[index] ?? 0), frame.y(y[index] ?? 0)];
      // A gap where there is no number.
      if (!Number.isFinite(across) || !Number.isFinite(up)) isDown = false;
      else if (isDown) {
        context.lineTo(across, up);
        length += Math.hypot(across - lastX, up - lastY);
        joined += 1;
        if (joined % mostJoined === 0) {
          context.stroke();
          context.lineDashOffset = length;
          context.beginPath();
          context.moveTo(across, up);
        }
      } else {
        context.moveTo(across, up);
        isDown = true;
      }
      [lastX, lastY] = [across, up];
    }
    context.stroke();
    if (x.length === 1) {
      context.fillStyle = color;
      context.beginPath();
      context.arc(frame.x(x[0] ?? 0), frame.y(y[0] ?? 0), dotRadius, 0, 2 * Math.PI);
      context.fill();
    }
  }
  context.globalAlpha = 1;
  context.lineWidth = 1;
  context.setLineDash([]);
  context.lineDashOffset = 0;
}

export function drawBands({ context }: Surface, frame: Frame, bands: readonly BandShape[]): void {
  context.globalAlpha = 0.2;
  // What a logarithmic axis has no place for lies below it.
  const clamped = (value: number) => (Number.isFinite(value) ? value : frame.top + frame.height);
  for (const { x, low, high, color } of bands) {
    context.fillStyle = color;
    for (const [start, end] of bandStretches(low, high)) {
      context.beginPath();
      for (let index = start; index < end; index += 1)
        context.lineTo(frame.x(x[index] ?? 0), clamped(frame.y(high[index] ?? 0)));
      for (let index = end - 1; index >= start; index -= 1)
        context.lineTo(frame.x(x[index] ?? 0), clamped(frame.y(low[index] ?? 0)));
      context.fill();
    }
  }
  context.globalAlpha = 1;
}

/** Places between which a band has both ends: of a single run there is no interval. */
export function bandStretches(
  low: ArrayLike<number>,
  high: ArrayLike<number>,
): readonly (readonly [start: number, end: number])[] {
  const stretches: (readonly [number, number])[] = [];
  const isThere = (place: number) => Number.isFinite(low[place]) && Number.isFinite(high[place]);
  for (let start = 0; start < low.length; start += 1) {
    if (!isThere(start)) continue;
    let end = start + 1;
    while (end < low.length && isThere(end)) end += 1;
    stretches.push([start, end]);
    start = end;
  }
  return stretches;
}

/** The place of the point of a line that is nearest to an x; the x rise. */
export function nearestPlace(x: ArrayLike<number>, wanted: number): number {
  let [low, high] = [0, x.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low > 0 && wanted - (x[low - 1] ?? 0) < (x[low] ?? 0) - wanted ? low - 1 : low;
}

/**
 * Exponential smoothing, which at the start does not lean towards zero. Neighbours that are further apart, as in thinned
 * curves, count less.
 */
export function smoothed(x: ArrayLike<number>, y: ArrayLike<number>, weight: number): Float32Array {
  const result = new Float32Array(y.length);
  let [sum, total] = [0, 0];
  for (let index = 0; index < y.length; index += 1) {
    const value = y[index] ?? Number.NaN;
    if (!Number.isFinite(value)) {
      result[index] = value;
      continue;
    }
    const kept = index === 0 ? 0 : weight ** Math.max(0, (x[index] ?? 0) - (x[index - 1] ?? 0));
    sum = sum * kept + value;
    total = total * kept + 1;
    result[index] = sum / total;
  }
  return result;
}
