/** Two criteria of every pipeline, and the front of those of which no other is better in both. */
import { wholeText } from "@ml-mosaic/base/count-text";
import type { Direction } from "@ml-mosaic/statistics";
import { numberAxis } from "../marks/axes.ts";
import { boundsWithin, cutNote, type DrawnBounds, intervals } from "../marks/intervals.ts";
import { type Channels, type Layer, type Look, labels, lines, points } from "../marks/marks.ts";
import { type MeanPoint, meanScale } from "../marks/mean-scale.ts";
import { type AxisScale, placeOn, valueAt } from "../marks/scales.ts";
import { type SeriesStyle, seriesStyle } from "../marks/series-style.ts";
import { backgroundColor, ink, textSize } from "../marks/style.ts";
import { joinNotes } from "../text/notes.ts";
import { titleOf } from "../text/title.ts";
import type { Chart, Room } from "./chart.ts";
import { sizeAxis } from "./criterion-chart.ts";

export interface ParetoPoint {
  readonly model: string;
  readonly pipeline: string;
  readonly n: number;
  readonly x: MeanPoint;
  readonly y: MeanPoint;
  readonly isFront: boolean;
}

export interface ParetoPlot {
  readonly title: string;
  readonly notes: readonly string[];
  readonly xTitle: string;
  readonly yTitle: string;
  readonly points: readonly ParetoPoint[];
  readonly directions: readonly [Direction, Direction];
  /** So many points of the front have a number, from left to right. */
  readonly numbered: number;
}

interface Row {
  /** Label of the model; "" for those in grey. */
  readonly series: string;
  readonly pipeline: string;
  readonly x: number;
  readonly y: number;
  readonly n: number;
  readonly isFront: boolean;
  readonly xBounds: DrawnBounds;
  readonly yBounds: DrawnBounds;
}

export function paretoChart(plot: ParetoPlot, room: Room): Chart {
  const [direction, height] = plot.directions;
  const [xScale, yScale] = [meanScale(plot.points.map(({ x }) => x)), meanScale(plot.points.map(({ y }) => y))];
  const models = [...Map.groupBy(plot.points, ({ model }) => model)];
  const style = seriesStyle(
    models.map(([name, of]) => ({ name, points: of.map(({ y }) => y) })),
    height,
  );
  const { color, shape } = style.channels(models.length > 1 ? style.legend : null);
  const rows = rowsOf(plot, style, xScale, yScale);
  const [grey, shown] = [rows.filter(({ series }) => series === ""), rows.filter(({ series }) => series !== "")];
  const front = fromLeft(plot.points.filter(isOnFront)).map(({ x, y }) => ({ x: x.mean, y: y.mean }));
  const hidden =
    rows.length === plot.points.length
      ? ""
      : `${wholeText(rows.length)} of ${wholeText(plot.points.length)} points are drawn: of one model's that lie on each other, one`;
  const interpolate = direction === "lower" ? "step-after" : "step-before";
  const edge = { size: 60, stroke: ink, strokeWidth: 1 };
  const cut = cutNote(rows.flatMap(({ xBounds, yBounds }) => [xBounds, yBounds]));
  const beside = rows.some((row) => row.isBeside) ? "points side by side have equal means" : "";
  const numbers = numbersOf(rows.filter(isOnFront).slice(0, plot.numbered), xScale, yScale);
  const dy = height === "lower" ? -8 : 9;
  return {
    title: titleOf(plot.title, [...plot.notes, joinNotes([style.othersNote, cut, beside, hidden])], room),
    encoding: {
      x: { field: "x", ...sizeAxis(xScale, plot.xTitle) },
      y: { field: "y", ...numberAxis(yScale, plot.yTitle) },
    },
    layer: [
      ...barLayers(grey, {}, { color: backgroundColor, strokeWidth: 0.4 }),
      points(grey.filter(isBehind), {}, { size: 14, color: backgroundColor }),
      lines(front, {}, { color: ink, strokeWidth: 1, interpolate }),
      points(grey.filter(isOnFront), {}, { ...edge, color: backgroundColor }),
      ...barLayers(shown, { color }, { strokeWidth: 0.75, opacity: 0.6 }),
      points(shown.filter(isBehind), { color, shape }, { size: 26, opacity: 0.55 }),
      points(shown.filter(isOnFront), { color, shape }, edge),
      labels(numbers, "number", {}, { dx: 7, dy, align: "left", fontWeight: 600, fontSize: textSize.label }),
    ],
  };
}

/** In the order in which the points of the front are numbered. */
export function fromLeft(all: readonly ParetoPoint[]): readonly ParetoPoint[] {
  return [...all].sort((one, other) => one.x.mean - other.x.mean);
}

export function isOnFront({ isFront }: { readonly isFront: boolean }): boolean {
  return isFront;
}

function isBehind({ isFront }: Row): boolean {
  return !isFront;
}

/** Both intervals of each point. */
function barLayers(rows: readonly Row[], channels: Channels, look: Look): readonly Layer[] {
  const across = rows.map((row) => ({ ...row, ...row.xBounds }));
  const upright = rows.map((row) => ({ ...row, ...row.yBounds }));
  return [...intervals(across, "x", channels, look), ...intervals(upright, "y", channels, look)];
}

/** Between neighbours of equal means, and for all of them: shares of the frame's width. */
const [sideStep, widest] = [0.014, 0.1];

/** Of more points those that lie on each other are drawn once. */
const mostPoints = 2000;
/** Of the frame: shares that the smallest point covers. */
const cells = { across: 160, upright: 100 } as const;

function rowsOf({ points: all, numbered }: ParetoPlot, style: SeriesStyle, xScale: AxisScale, yScale: AxisScale) {
  const place = ({ x, y }: ParetoPoint) => `${x.mean} ${y.mean}`;
  const equal = new Map<string, number>();
  for (const point of all) equal.set(place(point), (equal.get(place(point)) ?? 0) + 1);
  const before = new Map<string, number>();
  const taken = new Set<string>();
  const rows: (Row & { readonly isBeside: boolean })[] = [];
  let front = 0;
  for (const point of fromLeft(all)) {
    const [count, index] = [equal.get(place(point)) ?? 1, before.get(place(point)) ?? 0];
    before.set(place(point), index + 1);
    const aside = Math.min(sideStep, widest / count) * (index - (count - 1) / 2);
    const { model, x, y, n, isFront } = point;
    const series = style.labels.get(model) ?? "";
    if (isFront) front++;
    const [across, upright] = [placeOn(x.mean, xScale) + aside, placeOn(y.mean, yScale)];
    const cell = `${Math.floor(across * cells.across)} ${Math.floor(upright * cells.upright)} ${isFront} ${series}`;
    const isNamed = isFront && front <= numbered;
    if (all.length > mostPoints && !isNamed && taken.has(cell)) continue;
    taken.add(cell);
    rows.push({
      series,
      pipeline: point.pipeline,
      x: aside === 0 ? x.mean : valueAt(across, xScale),
      y: y.mean,
      n,
      isFront,
      isBeside: count > 1,
      xBounds: boundsOf(x, xScale),
      yBounds: boundsOf(y, yScale),
    });
  }
  return rows;
}

/** None where the interval has no width, as of a size. */
function boundsOf({ low, high }: MeanPoint, { domain }: AxisScale): DrawnBounds {
  const isWide = low !== null && high !== null && high > low;
  return boundsWithin(isWide ? { low, high } : { low: null, high: null }, domain);
}

/** Of the frame's width and height: numbers closer than this would lie on each other. */
const closest = { x: 0.035, y: 0.05 } as const;

/** The numbers of the front's points; those whose numbers would lie on each other have one label, "3–5". */
function numbersOf(front: readonly Row[], xScale: AxisScale, yScale: AxisScale) {
  const groups: { x: number; y: number; first: number; last: number }[] = [];
  for (const [index, { x, y }] of front.entries()) {
    const group = groups.at(-1);
    const isNear =
      group !== undefined &&
      Math.abs(placeOn(x, xScale) - placeOn(group.x, xScale)) < closest.x &&
      Math.abs(placeOn(y, yScale) - placeOn(group.y, yScale)) < closest.y;
    if (isNear) Object.assign(group, { x: Math.max(x, group.x), last: index + 1 });
    else groups.push({ x, y, first: index + 1, last: index + 1 });
  }
  return groups.map(({ x, y, first, last }) => ({ x, y, number: first === last ? `${first}` : `${first}–${last}` }));
}
