/** Very many lines as pixels: how many of them pass through each is counted, and drawn at once. */
import type { Frame } from "./axes.ts";
import { LineCoverage, type Size } from "./line-coverage.ts";
import type { Line } from "./lines.ts";
import { colorWord } from "./parallel.ts";
import type { Surface } from "./picture.ts";

/** In CSS pixels: of what a line of one point is shown as. */
export const dotRadius = 3;

/** Pixels by which dashes of each line are off those of the one before: at the same places they would be stripes of the picture. */
const dashShift = 7;

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

/** Of each pixel, row by row, how many of the lines pass through it. */
export function linesThrough(frame: Frame, lines: readonly Line[], sharpness: number, size: Size): Uint16Array {
  const coverage = new LineCoverage(size);
  const [width, height] = [frame.width * sharpness, frame.height * sharpness];
  // Most runs have the same epochs.
  const known = new Map<ArrayLike<number>, Float64Array>();
  const room = new Float64Array(lines.reduce((most, { y }) => Math.max(most, y.length), 0));
  for (const [index, { x, y, dash }] of lines.entries()) {
    const across = known.get(x) ?? new Float64Array(x.length);
    if (!known.has(x)) frame.xScale.put(x, [0, width], across);
    known.set(x, across);
    const down = room.subarray(0, y.length);
    frame.yScale.put(y, [height, 0], down);
    // As big as one that is drawn alone.
    if (x.length === 1) coverage.addDot([across[0] ?? Number.NaN, down[0] ?? Number.NaN], dotRadius * sharpness);
    else
      coverage.addLine(
        { across, down },
        dash.map((each) => each * sharpness),
        index * dashShift,
      );
  }
  return coverage.counts();
}
