/** Points, from a few to a million: few as discs, many as pixels. */

import { colorWord } from "./parallel.ts";
import type { Surface } from "./picture.ts";

export interface Points {
  /** In CSS pixels; no finite number where a point is nowhere. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** Index into `palette` of each point. */
  readonly colors: Uint16Array;
  /** As `#rrggbb`. */
  readonly palette: readonly string[];
}

const mostDiscs = 4000;

export function drawPoints(surface: Surface, points: Points): void {
  if (points.x.length <= mostDiscs) drawDiscs(surface, points);
  else drawPixels(surface, points);
}

function drawDiscs({ context, theme }: Surface, { x, y, colors, palette }: Points): void {
  const radius = x.length <= 200 ? 4.5 : x.length <= 1500 ? 3.5 : 2.5;
  context.globalAlpha = x.length <= 200 ? 0.95 : 0.75;
  for (let index = 0; index < x.length; index += 1) {
    if (!Number.isFinite(x[index]) || !Number.isFinite(y[index])) continue;
    context.fillStyle = palette[colors[index] ?? 0] ?? theme.ink;
    context.beginPath();
    context.arc(x[index] ?? 0, y[index] ?? 0, radius, 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 1;
}

function drawPixels({ context, width, height, sharpness }: Surface, { x, y, colors, palette }: Points): void {
  const [columns, rows] = [Math.round(width * sharpness), Math.round(height * sharpness)];
  // What is drawn already, as the axes, lies below.
  const image = context.getImageData(0, 0, columns, rows);
  const words = new Uint32Array(image.data.buffer);
  const size = Math.max(1, Math.round((x.length > 100_000 ? 1.5 : 2) * sharpness));
  const half = size >> 1;
  const wordOf = Uint32Array.from(palette, (color) => (colorWord(color) | 0xff000000) >>> 0);
  for (let index = 0; index < x.length; index += 1) {
    const [across, down] = [x[index] ?? Number.NaN, y[index] ?? Number.NaN];
    if (!(across >= 0 && down >= 0 && across < width && down < height)) continue;
    const [left, top] = [
      Math.max(0, Math.round(across * sharpness) - half),
      Math.max(0, Math.round(down * sharpness) - half),
    ];
    const word = wordOf[colors[index] ?? 0] ?? 0;
    for (let row = top; row < Math.min(rows, top + size); row += 1)
      for (let column = left; column < Math.min(columns, left + size); column += 1)
        words[row * columns + column] = word;
  }
  context.putImageData(image, 0, 0);
}
