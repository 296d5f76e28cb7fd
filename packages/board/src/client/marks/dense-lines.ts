/** Very many lines as pixels: how many of them pass through each is counted, and drawn at once. */
import type { Frame } from "./axes.ts";
import type { Line } from "./lines.ts";
import { colorWord } from "./parallel.ts";
import type { Surface } from "./picture.ts";

/** @param lines of one colour, as `#rrggbb`, and one opacity */
export function drawDenseLines(surface: Surface, frame: Frame, lines: readonly Line[]): void {
  const [first] = lines;
  if (first === undefined) return;
  const { context, sharpness } = surface;
  const [columns, rows] = [
    Math.max(1, Math.ceil(frame.width * sharpness)),
    Math.max(1, Math.ceil(frame.height * sharpness)),
  ];
  const counts = new Uint16Array(columns * rows);
  for (const line of lines) countPixels(counts, [columns, rows], line, frame, sharpness);
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

function countPixels(
  counts: Uint16Array,
  [columns, rows]: readonly [number, number],
  { x, y, dash }: Line,
  frame: Frame,
  sharpness: number,
): void {
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
        for (let at = top * columns + column; at <= bottom * columns + column; at += columns)
          counts[at] = (counts[at] ?? 0) + 1;
      }
    }
    [lastX, lastY] = [across, down];
  }
}
