/** Means with their intervals, a line each, best first: what a ranking looks like. */
import type { Surface } from "./picture.ts";
import { extentOf, roomyScale } from "./scales.ts";

export interface IntervalRow {
  readonly label: string;
  readonly mean: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly note: string;
  readonly isStrong: boolean;
}

export const intervalRowHeight = 26;
const leastPlot = 70;

export function intervalsHeight(rows: number): number {
  return rows * intervalRowHeight + 44;
}

/** @param isBar whether a bar from zero is drawn instead of a point */
export function drawIntervals(
  { context, width, theme }: Surface,
  rows: readonly IntervalRow[],
  {
    title,
    isLogarithmic,
    isBar = false,
  }: { readonly title: string; readonly isLogarithmic: boolean; readonly isBar?: boolean },
): void {
  const values = rows.flatMap(({ mean, low, high }) => [mean, low, high].filter((each) => each !== null));
  const [least, largest] = extentOf(isBar ? [0, ...values] : values);
  const scale = isBar ? roomyScale(Math.min(0, least), largest, false, 0) : roomyScale(least, largest, isLogarithmic);
  // Figures are never cut; where there is little room names are, which the table has in full.
  const noteWidth = Math.max(0, ...rows.map(({ note }) => context.measureText(note).width)) + 12;
  const longest = Math.max(40, ...rows.map(({ label }) => context.measureText(label).width)) + 14;
  const left = Math.min(longest, Math.max(70, Math.min(width * 0.4, width - noteWidth - leastPlot - 10)));
  const plot = Math.max(20, width - left - noteWidth - 10);
  const x = (value: number) => left + scale.at(value) * plot;
  const bottom = rows.length * intervalRowHeight + 4;
  context.textBaseline = "middle";
  context.strokeStyle = theme.grid;
  context.fillStyle = theme.faint;
  context.textAlign = "center";
  for (const { value, text } of scale.ticks(Math.max(2, Math.floor(plot / 80)))) {
    context.beginPath();
    context.moveTo(x(value), 2);
    context.lineTo(x(value), bottom);
    context.stroke();
    context.fillText(text, x(value), bottom + 11);
  }
  context.fillStyle = theme.ink;
  context.fillText(title, left + plot / 2, bottom + 29, plot + noteWidth);
  for (const [index, { label, mean, low, high, note, isStrong }] of rows.entries()) {
    const y = index * intervalRowHeight + intervalRowHeight / 2 + 2;
    context.fillStyle = theme.ink;
    context.textAlign = "left";
    context.fillText(fitted(context, label, left - 12), 0, y);
    context.fillStyle = theme.faint;
    context.fillText(note, left + plot + 12, y);
    if (mean === null) continue;
    const color = isStrong ? (theme.series[0] ?? theme.ink) : theme.faint;
    context.fillStyle = color;
    context.strokeStyle = isBar ? theme.ink : color;
    context.lineWidth = 2;
    if (isBar) context.fillRect(x(0), y - 8, Math.max(1, x(mean) - x(0)), 16);
    if (low !== null && high !== null) {
      context.beginPath();
      context.moveTo(x(low), y);
      context.lineTo(x(high), y);
      for (const end of [low, high]) {
        context.moveTo(x(end), y - 4);
        context.lineTo(x(end), y + 4);
      }
      context.stroke();
    }
    if (isBar) continue;
    context.beginPath();
    context.arc(x(mean), y, 4.5, 0, 2 * Math.PI);
    context.fill();
  }
  context.lineWidth = 1;
}

/** Shortened in the middle, since names differ at both ends. */
export function fitted(context: Surface["context"], text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const kept = (low + high + 1) >> 1;
    if (context.measureText(shortened(text, kept)).width <= width) low = kept;
    else high = kept - 1;
  }
  return shortened(text, low);
}

function shortened(text: string, kept: number): string {
  const start = Math.ceil(kept * 0.6);
  return `${text.slice(0, start)}…${kept - start > 0 ? text.slice(start - kept) : ""}`;
}
