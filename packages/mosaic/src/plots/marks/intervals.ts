/** Intervals of means: bars that end at the frame where they go on beyond it, with an arrow head there. */
import { type Channels, type Layer, type Look, points, rules } from "./marks.ts";

interface Bounds {
  /** null where no uncertainty is known. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface DrawnBounds extends Bounds {
  /** `low`, or the axis's end where `low` lies below it. */
  readonly drawnLow: number | null;
  readonly drawnHigh: number | null;
}

/** As far as an axis goes. */
export function boundsWithin({ low, high }: Bounds, [least, most]: readonly [number, number]): DrawnBounds {
  return {
    low,
    high,
    drawnLow: low === null ? null : Math.max(low, least),
    drawnHigh: high === null ? null : Math.min(high, most),
  };
}

/** @param along the axis that they lie along */
export function intervals(
  rows: readonly DrawnBounds[],
  along: "x" | "y",
  channels: Channels,
  look: Look = {},
): readonly Layer[] {
  const known = rows.filter(({ low }) => low !== null);
  if (known.length === 0) return [];
  const ends = along === "x" ? { x: "drawnLow", x2: "drawnHigh" } : { y: "drawnLow", y2: "drawnHigh" };
  return [rules(known, { ...channels, ...ends }, look), ...arrowHeads(known, along, channels, look)];
}

/** Where intervals are cut. */
export function arrowHeads(
  rows: readonly DrawnBounds[],
  along: "x" | "y",
  channels: Channels,
  look: Look = {},
): readonly Layer[] {
  const head = (cut: readonly DrawnBounds[], end: string, shape: string) =>
    cut.length === 0 ? [] : [points(cut, { ...channels, [along]: end }, { shape, size: 28, ...look })];
  return [
    ...head(rows.filter(isCutBelow), "drawnLow", along === "x" ? "triangle-left" : "triangle-down"),
    ...head(rows.filter(isCutAbove), "drawnHigh", along === "x" ? "triangle-right" : "triangle-up"),
  ];
}

/** What the arrow heads mean, where there are any. */
export function cutNote(rows: readonly DrawnBounds[]): string {
  const count = rows.filter((row) => isCutBelow(row) || isCutAbove(row)).length;
  if (count === 0) return "";
  return count === 1
    ? "arrow heads: an interval goes on beyond the frame"
    : `arrow heads: ${count} intervals go on beyond the frame`;
}

function isCutBelow({ low, drawnLow }: DrawnBounds): boolean {
  return low !== null && drawnLow !== null && low < drawnLow;
}

function isCutAbove({ high, drawnHigh }: DrawnBounds): boolean {
  return high !== null && drawnHigh !== null && high > drawnHigh;
}
