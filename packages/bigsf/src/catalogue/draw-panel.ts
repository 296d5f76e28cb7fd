/** Small plots beside the maps of a catalogue. */
import type { SKRSContext2D } from "@napi-rs/canvas";
import type { Box } from "../pictures/draw-map.ts";
import { FONT_FAMILY } from "../pictures/fonts.ts";
import { exponentOf, numeral, roundValues, superscript } from "../pictures/ticks.ts";

export const ink = "#1a1a1a";
export const grey = "#4d4d4d";
export const blue = "#0072b2";
export const orange = "#d55e00";

export interface PanelAxes {
  readonly x: { readonly range: readonly [number, number]; readonly title: string };
  readonly y: { readonly range: readonly [number, number]; readonly title: string };
}

export interface Panel {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

/** A frame with ticks and titles. @param box of the frame; titles lie outside */
export function drawPanel(context: SKRSContext2D, box: Box, { x, y }: PanelAxes): Panel {
  const place = {
    x: (value: number) => box.left + (box.width * (value - x.range[0])) / (x.range[1] - x.range[0]),
    y: (value: number) => box.top + box.height * (1 - (value - y.range[0]) / (y.range[1] - y.range[0])),
  };
  context.strokeStyle = ink;
  context.fillStyle = ink;
  context.lineWidth = 1;
  context.strokeRect(box.left - 0.5, box.top - 0.5, box.width + 1, box.height + 1);
  context.font = `13px '${FONT_FAMILY}'`;
  const across = ticksOf(x.range, box.width / 60);
  const upwards = ticksOf(y.range, box.height / 40);
  const bottom = box.top + box.height;
  context.beginPath();
  context.textAlign = "center";
  for (const { value, label } of across.ticks) {
    context.moveTo(place.x(value), bottom);
    context.lineTo(place.x(value), bottom + 5);
    context.fillText(label, place.x(value), bottom + 19);
  }
  context.textAlign = "right";
  for (const { value, label } of upwards.ticks) {
    context.moveTo(box.left, place.y(value));
    context.lineTo(box.left - 5, place.y(value));
    context.fillText(label, box.left - 8, place.y(value) + 4);
  }
  context.stroke();
  context.textAlign = "center";
  context.font = `14px '${FONT_FAMILY}'`;
  context.fillText(x.title + across.power, box.left + box.width / 2, bottom + 40);
  context.save();
  context.translate(box.left - 52, box.top + box.height / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(y.title + upwards.power, 0, 0);
  context.restore();
  context.textAlign = "left";
  return place;
}

function ticksOf([low, high]: readonly [number, number], most: number) {
  const exponent = exponentOf(Math.max(Math.abs(low), Math.abs(high)));
  const scale = 10 ** exponent;
  const { values, decimals } = roundValues(low / scale, high / scale, Math.max(2, most));
  return {
    ticks: values.map((value) => ({ value: value * scale, label: numeral(value, decimals) })),
    power: exponent === 0 ? "" : ` × 10${superscript(exponent)}`,
  };
}

/** How many of the values lie in each of some bins of one width. */
export function drawHistogram(
  context: SKRSContext2D,
  box: Box,
  values: readonly number[],
  title: string,
  range = rangeOf(values),
): void {
  const bins = 24;
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.floor((bins * (value - range[0])) / (range[1] - range[0]));
    const inside = Math.min(bins - 1, Math.max(0, bin));
    counts[inside] = (counts[inside] ?? 0) + 1;
  }
  const most = Math.max(1, ...counts);
  const place = drawPanel(context, box, {
    x: { range, title },
    y: { range: [0, most * 1.08], title: "filaments" },
  });
  context.fillStyle = blue;
  const step = (range[1] - range[0]) / bins;
  for (const [bin, count] of counts.entries()) {
    const left = place.x(range[0] + bin * step);
    const top = place.y(count);
    context.fillRect(left + 0.5, top, place.x(range[0] + (bin + 1) * step) - left - 1, box.top + box.height - top);
  }
}

/** From the smallest to nearly the largest: one that is far off would leave no room for the others. */
function rangeOf(values: readonly number[]): readonly [number, number] {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[0] ?? 0;
  const high = sorted[Math.floor(0.99 * (sorted.length - 1))] ?? 1;
  return high > low ? [low, high] : [low - 0.5, low + 0.5];
}
