/** Very many lines as pixels: how many of them pass through each is counted, and drawn at once. */
import type { Frame } from "./axes.ts";
import type { Line } from "./lines.ts";
import { colorWord } from "./parallel.ts";
import type { Surface } from "./picture.ts";

/** In CSS pixels: of what a line of one point is shown as. */
export const dotRadius = 3;

/** @param lines of one colour, as `#rrggbb`, and one opacity */
export function drawDenseLines(surface: Surface, frame: Frame, lines: readonly Line[]): void {
  const [first] = lines;
  if (first === undefined) return;
  const { context, sharpness } = surface;
  const [columns, rows] = [
    Math.max(1, Math.ceil(frame.width * sharpness)),
    Math.max(1, Math.ceil(frame.height * sharpness)),
  ];
  const counts = linesThrough(frame, lines, sharpness, [columns, rows]);
  const canvas = new OffscreenCanvas(columns, rows);
  const pixels = canvas.getContext("2d");
  if (pixels === null) return;
  const image = pixels.createImageData(columns, rows);
  const words = new Uint32Array(image.data.buffer);
  const color = colorWord(first.color);
  // As so many thin lines over each other would be.
  const through = 1 - first.opacity * Math.min(1, first.width);
  const opacities = Uint8Array.from({ length: 64 }, (_, count) => Math.round(255 * (1 - through ** count)));
  for (let at = 0; at < words.length; at += 1) {
    const count = counts[at] ?? 0;
    if (count > 0) words[at] = color | ((opacities[Math.min(63, count)] ?? 255) << 24);
  }
  pixels.putImageData(image, 0, 0);
  context.globalAlpha = 1;
  context.drawImage(canvas, frame.left, frame.top, columns / sharpness, rows / sharpness);
}

type Size = readonly [columns: number, rows: number];

/** Of each pixel, row by row, how many of the lines pass through it. */
export function linesThrough(
  frame: Frame,
  lines: readonly Line[],
  sharpness: number,
  [columns, rows]: Size,
): Uint16Array {
  const counts = new Uint16Array(columns * rows);
  // Segments of one line share pixels: the line that has come through last, from 1.
  const last = new Uint32Array(columns * rows);
  for (const [index, line] of lines.entries())
    countPixels({ counts, last, number: index + 1 }, [columns, rows], line, frame, sharpness);
  return counts;
}

interface PixelCounts {
  readonly counts: Uint16Array;
  readonly last: Uint32Array;
  readonly number: number;
}

function countPixels(
  { counts, last: lastLine, number }: PixelCounts,
  [columns, rows]: Size,
  { x, y, dash }: Line,
  frame: Frame,
  sharpness: number,
): void {
  const countColumn = (column: number, top: number, bottom: number) => {
    for (let at = top * columns + column; at <= bottom * columns + column; at += columns) {
      if (lastLine[at] === number) continue;
      lastLine[at] = number;
      counts[at] = (counts[at] ?? 0) + 1;
    }
  };
  const period = dash.reduce((sum, each) => sum + each, 0) * sharpness;
  const drawn = (dash[0] ?? 0) * sharpness;
  let [lastX, lastY] = [Number.NaN, Number.NaN];
  for (let index = 0; index < x.length; index += 1) {
    const across = (frame.x(x[index] ?? 0) - frame.left) * sharpness;
    const down = (frame.y(y[index] ?? 0) - frame.top) * sharpness;
    // A gap where there is no number.
    if (Number.isFinite(across) && Number.isFinite(down) && Number.isFinite(lastX)) {
      const slope = across > lastX ? (down - lastY) / (across - lastX) : 0;
      const last = Math.min(columns - 1, Math.floor(across));
      for (let column = Math.max(0, Math.floor(lastX)); column <= last; column += 1) {
        if (period > 0 && column % period >= drawn) continue;
        const from = slope === 0 ? lastY : lastY + slope * (Math.max(column, lastX) - lastX);
        const to = across > lastX ? lastY + slope * (Math.min(column + 1, across) - lastX) : down;
        const top = Math.max(0, Math.floor(Math.min(from, to)));
        const bottom = Math.min(rows - 1, Math.floor(Math.max(from, to)));
        countColumn(column, top, bottom);
      }
    }
    [lastX, lastY] = [across, down];
  }
  if (x.length !== 1 || !Number.isFinite(lastX) || !Number.isFinite(lastY)) return;
  // A dot, as big as one that is drawn alone.
  const radius = dotRadius * sharpness;
  for (
    let column = Math.max(0, Math.ceil(lastX - radius - 0.5));
    column < columns && column + 0.5 <= lastX + radius;
    column += 1
  ) {
    const half = Math.sqrt(radius ** 2 - (column + 0.5 - lastX) ** 2);
    countColumn(column, Math.max(0, Math.ceil(lastY - half - 0.5)), Math.min(rows - 1, Math.floor(lastY + half - 0.5)));
  }
}
