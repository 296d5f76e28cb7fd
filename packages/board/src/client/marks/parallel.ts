/** Parallel coordinates: a line for each run through all axes. Many lines are summed up as density, so that time is bounded. */

import type { ColumnAxis } from "./column-axis.ts";
import { fitted } from "./intervals.ts";
import type { Surface } from "./picture.ts";
import { rampColor, rampText, type Theme } from "./theme.ts";

export interface ParallelLayout {
  readonly top: number;
  readonly height: number;
  /** Where each axis stands. */
  readonly places: readonly number[];
}

/** Runs without a value pass below the axis. */
const noneAt = -0.07;
/** Up to so many lines are drawn one by one. */
const mostLines = 3000;

export function parallelLayout(width: number, height: number, axes: number): ParallelLayout {
  const [left, right] = [52, 40];
  const spacing = axes > 1 ? (width - left - right) / (axes - 1) : 0;
  return {
    top: 42,
    height: height - 42 - 34,
    places: Array.from({ length: axes }, (_, index) => left + index * spacing),
  };
}

/** Height from the bottom (0) to the top (1) of each row on an axis, once for all pictures of it. */
export function heightsOf({ scale, numbers }: ColumnAxis): Float32Array {
  const places = new Float64Array(numbers.length);
  scale.put(numbers, [0, 1], places);
  const heights = new Float32Array(numbers.length);
  for (let index = 0; index < heights.length; index += 1) {
    const at = places[index] ?? Number.NaN;
    heights[index] = Number.isFinite(at) ? at : noneAt;
  }
  return heights;
}

export interface ParallelLines {
  /** By axis. */
  readonly heights: readonly Float32Array[];
  /** From 0 to 1 by row; null for lines in grey. */
  readonly colors: Float32Array | null;
  /** Which of the rows are drawn; null for all. */
  readonly isShown: Uint8Array | null;
}

export function drawParallelLines(surface: Surface, layout: ParallelLayout, lines: ParallelLines): void {
  const count = lines.heights[0]?.length ?? 0;
  const shown = lines.isShown === null ? count : countOf(lines.isShown);
  if (shown <= mostLines) drawEach(surface, layout, lines, shown);
  else drawDensity(surface, layout, lines);
}

function countOf(isShown: Uint8Array): number {
  let count = 0;
  for (let row = 0; row < isShown.length; row += 1) count += isShown[row] ?? 0;
  return count;
}

function drawEach(
  { context, theme }: Surface,
  { top, height, places }: ParallelLayout,
  { heights, colors, isShown }: ParallelLines,
  shown: number,
): void {
  context.lineWidth = shown > 300 ? 0.8 : 1.3;
  context.globalAlpha = colors === null ? 0.35 : Math.max(0.25, Math.min(0.9, 12 / Math.sqrt(Math.max(1, shown))));
  for (let row = 0; row < (heights[0]?.length ?? 0); row += 1) {
    if (isShown !== null && isShown[row] === 0) continue;
    const color = colors?.[row] ?? Number.NaN;
    context.strokeStyle = Number.isNaN(color) ? theme.other : rampText(color, theme);
    context.beginPath();
    for (const [axis, x] of places.entries()) context.lineTo(x, top + (1 - (heights[axis]?.[row] ?? 0)) * height);
    context.stroke();
  }
  context.globalAlpha = 1;
  context.lineWidth = 1;
}

/** Pixels that one bin of an axis is high: lines with both ends in the same bins are one line. */
const binSize = 3;
/** Pixels that the sum of all lines is wide: between axes nobody tells neighbours apart. */
const columnSize = 2;

function drawDensity(
  surface: Surface,
  { top, height, places }: ParallelLayout,
  { heights, colors, isShown }: ParallelLines,
): void {
  const { context } = surface;
  const [left, right] = [places[0] ?? 0, places.at(-1) ?? 0];
  const columns = Math.max(1, Math.round((right - left) / columnSize));
  const bins = binCount(height);
  // How many lines pass through a pixel, and the sum of their colours beside that.
  const sums = new Float32Array(2 * columns * bins);
  const counts = new Float32Array(bins * bins);
  const tints = new Float32Array(bins * bins);
  const placeOf = (axis: number) => Math.round(((places[axis] ?? 0) - left) / columnSize);
  const shown = shownRows(heights[0]?.length ?? 0, isShown);
  for (const [index, pairs] of pairsOf(heights, height).entries()) {
    counts.fill(0);
    tints.fill(0);
    for (let each = 0; each < shown.length; each += 1) {
      const row = shown[each] ?? 0;
      const pair = pairs[row] ?? 0;
      const color = colors === null ? 0.5 : (colors[row] ?? 0.5);
      counts[pair] = (counts[pair] ?? 0) + 1;
      tints[pair] = (tints[pair] ?? 0) + (Number.isNaN(color) ? 0.5 : color);
    }
    const [from, to] = [placeOf(index), Math.min(columns, placeOf(index + 1))];
    for (let pair = 0; pair < counts.length; pair += 1) {
      const count = counts[pair] ?? 0;
      if (count === 0) continue;
      const tint = tints[pair] ?? 0;
      const start = Math.floor(pair / bins);
      const slope = ((pair % bins) - start) / Math.max(1, to - from);
      let y = start + 0.5;
      for (let x = from; x < to; x += 1) {
        const at = 2 * ((y | 0) * columns + x);
        sums[at] = (sums[at] ?? 0) + count;
        sums[at + 1] = (sums[at + 1] ?? 0) + tint;
        y += slope;
      }
    }
  }
  putDensity(surface, { sums, columns, bins, isGrey: colors === null }, (image) => {
    context.imageSmoothingEnabled = true;
    context.drawImage(image, left, top - binSize / 2, columns * columnSize, bins * binSize);
  });
}

function binCount(height: number): number {
  return Math.ceil((height * (1 - noneAt)) / binSize) + 2;
}

function shownRows(count: number, isShown: Uint8Array | null): Uint32Array {
  const rows = new Uint32Array(count);
  let shown = 0;
  for (let row = 0; row < count; row += 1) {
    rows[shown] = row;
    // Without a branch, since neighbouring rows tell nothing of each other.
    shown += isShown === null ? 1 : (isShown[row] ?? 0);
  }
  return rows.subarray(0, shown);
}

const knownPairs = new WeakMap<
  readonly Float32Array[],
  { readonly height: number; readonly pairs: readonly Uint32Array[] }
>();

/** For each axis but the last the bins that each row has there and on the next: the same for all brushes. */
function pairsOf(heights: readonly Float32Array[], height: number): readonly Uint32Array[] {
  const known = knownPairs.get(heights);
  if (known?.height === height) return known.pairs;
  const bins = binCount(height);
  const binned = heights.map((ofAxis) => binsOf(ofAxis, height, bins));
  const pairs = binned.slice(1).map((here, axis) => {
    const [before, both] = [binned[axis] ?? here, new Uint32Array(here.length)];
    for (let row = 0; row < both.length; row += 1) both[row] = (before[row] ?? 0) * bins + (here[row] ?? 0);
    return both;
  });
  knownPairs.set(heights, { height, pairs });
  return pairs;
}

function binsOf(heights: Float32Array, height: number, bins: number): Uint16Array {
  const result = new Uint16Array(heights.length);
  for (let row = 0; row < heights.length; row += 1)
    result[row] = Math.min(bins - 1, Math.max(0, Math.round(((1 - (heights[row] ?? 0)) * height) / binSize)));
  return result;
}

interface DensityPicture {
  readonly sums: Float32Array;
  readonly columns: number;
  readonly bins: number;
  readonly isGrey: boolean;
}

function putDensity(
  { theme }: Surface,
  { sums, columns, bins, isGrey }: DensityPicture,
  draw: (image: OffscreenCanvas) => void,
): void {
  const canvas = new OffscreenCanvas(columns, bins);
  const context = canvas.getContext("2d");
  if (context === null) return;
  const image = context.createImageData(columns, bins);
  const words = new Uint32Array(image.data.buffer);
  const ramp = rampWords(theme);
  const grey = greyWord(theme);
  // Nearly all pixels that have a line have few: those with many are to be told from these.
  const typical = typicalDensity(sums);
  for (let at = 0; at < words.length; at += 1) {
    const many = sums[2 * at] ?? 0;
    if (many === 0) continue;
    const opacity = Math.round(255 * (0.12 + 0.88 * (1 - Math.exp(-many / typical))));
    const color = isGrey
      ? grey
      : (ramp[Math.round(255 * Math.min(1, Math.max(0, (sums[2 * at + 1] ?? 0) / many)))] ?? grey);
    words[at] = color | ((isGrey ? opacity * 0.5 : opacity) << 24);
  }
  context.putImageData(image, 0, 0);
  draw(canvas);
}

function typicalDensity(sums: Float32Array): number {
  let [sum, count] = [0, 0];
  for (let at = 0; at < sums.length; at += 2) {
    if (sums[at] === 0) continue;
    sum += sums[at] ?? 0;
    count += 1;
  }
  return Math.max(1, (1.5 * sum) / Math.max(1, count));
}

/** Colours without opacity, as pixels have them: red is the lowest byte. */
export function rampWords(theme: Theme): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, index) => {
    const [red, green, blue] = rampColor(index / 255, theme);
    return red | (green << 8) | (blue << 16);
  });
}

function greyWord(theme: Theme): number {
  return colorWord(theme.other);
}

/** Of a colour written as `#rrggbb`. */
export function colorWord(color: string): number {
  const number = Number.parseInt(color.slice(1), 16);
  return ((number >> 16) & 255) | (number & 0xff00) | ((number & 255) << 16);
}

export interface BrushMark {
  readonly axis: number;
  /** Heights from 0 to 1. */
  readonly parts: readonly (readonly [low: number, high: number])[];
}

export function drawParallelAxes(
  { context, theme, width }: Surface,
  layout: ParallelLayout,
  axes: readonly ColumnAxis[],
  brushes: readonly BrushMark[],
): void {
  const { top, height, places } = layout;
  const spacing = places.length > 1 ? (places[1] ?? 0) - (places[0] ?? 0) : width;
  context.textBaseline = "middle";
  for (const [index, { title, scale, texts }] of axes.entries()) {
    const x = Math.round(places[index] ?? 0) + 0.5;
    context.strokeStyle = theme.ink;
    context.beginPath();
    context.moveTo(x, top);
    context.lineTo(x, top + height);
    context.stroke();
    context.textAlign = index === 0 ? "left" : index === axes.length - 1 ? "right" : "center";
    const at = index === 0 ? 2 : index === axes.length - 1 ? width - 2 : x;
    context.font = `600 ${context.font.replace(/^600 /, "")}`;
    context.fillStyle = theme.ink;
    context.fillText(fitted(context, title, Math.max(40, spacing - 10)), at, index % 2 === 1 && spacing < 110 ? 8 : 22);
    context.font = context.font.replace(/^600 /, "");
    context.textAlign = "left";
    for (const { value, text } of scale.ticks(texts === undefined ? 8 : Math.floor(height / 16))) {
      const y = top + (1 - scale.at(value)) * height;
      context.strokeStyle = theme.ink;
      context.beginPath();
      context.moveTo(x - 3, y);
      context.lineTo(x + 3, y);
      context.stroke();
      const shown = fitted(context, text, Math.max(30, Math.min(spacing - 14, 130)));
      const right = x + 6 + context.measureText(shown).width;
      const start = right > width ? x - 6 - context.measureText(shown).width : x + 6;
      context.fillStyle = theme.paper;
      context.globalAlpha = 0.75;
      context.fillRect(start - 1, y - 7, context.measureText(shown).width + 2, 14);
      context.globalAlpha = 1;
      context.fillStyle = theme.ink;
      context.fillText(shown, start, y);
    }
  }
  context.fillStyle = theme.accent;
  context.strokeStyle = theme.accent;
  for (const { axis, parts } of brushes)
    for (const [low, high] of parts) {
      const [x, y] = [(places[axis] ?? 0) - 8, top + (1 - high) * height];
      context.globalAlpha = 0.25;
      context.fillRect(x, y, 16, Math.max(2, (high - low) * height));
      context.globalAlpha = 1;
      context.strokeRect(x, y, 16, Math.max(2, (high - low) * height));
    }
}
