/** How a criterion spreads over repetitions: at each place and for each series a violin or box, the values, the mean. */
import { wholeText } from "@ml-mosaic/base/count-text";
import { largestOf, quantileOf } from "@ml-mosaic/statistics";
import { numberAxis, textLabels } from "../marks/axes.ts";
import { evenly } from "../marks/evenly.ts";
import { areas, type Layer, lines, points, rectangles, rules } from "../marks/marks.ts";
import { type AxisScale, scaleOf } from "../marks/scales.ts";
import { seriesStyle } from "../marks/series-style.ts";
import { densityOf } from "../marks/violin.ts";
import { shortenMiddle } from "../text/fit-text.ts";
import { joinNotes } from "../text/notes.ts";
import { numberLabel } from "../text/number-label.ts";
import { titleOf } from "../text/title.ts";
import type { Chart, Room } from "./chart.ts";
import type { CriterionPlot } from "./criterion-chart.ts";
import { messageChart } from "./message-chart.ts";
import { compareX, type Series, type SeriesPoint } from "./series.ts";

type Shape = "violin" | "box";

export interface DistributionPlot extends Omit<CriterionPlot, "marks" | "intervals" | "xScale"> {
  readonly shape: Shape;
}

/** Fewer values than these have no such shape: they are shown by themselves. */
const fewest: Readonly<Record<Shape, number>> = { violin: 20, box: 5 };
/** Up to so many values at a place each is a large point. */
const fewValues = 20;
/** The share of a place that its shapes take. */
const filled = 0.8;

/** What is drawn, for under the title. */
export function shapeNote(shape: Shape): string {
  return `points: runs, bar: mean, ${shape === "box" ? "boxes: quartiles" : "violins"} from n = ${fewest[shape]} on`;
}

interface Group extends SeriesPoint {
  readonly series: string;
  /** Where its middle is; places are 0, 1, 2… */
  readonly middle: number;
  readonly halfWidth: number;
}

export function distributionChart(plot: DistributionPlot, room: Room): Chart {
  const style = seriesStyle(plot.series, plot.direction);
  const series = plot.series.filter(({ name }) => style.labels.has(name));
  const left = plot.series.length - series.length;
  const leftNote = left === 0 ? "" : `the ${series.length} with the best means, without ${left} others`;
  const all = [...new Set(series.flatMap(({ points: of }) => of.map(({ x }) => x)))].sort(compareX);
  const title = titleOf(plot.title, [...plot.notes, leftNote, thinningNote(series, all.length)], room);
  if (series.length === 0) return messageChart(title, "No run has this figure.");

  const places = evenly(all, mostPlaces);
  const groups = groupsOf(series, places, style.labels);
  const values = series.flatMap((one) => one.points.flatMap((point) => point.values.map(({ value }) => value)));
  const yScale = scaleOf(values, plot.yScale);
  const most = largestOf(groups.map((group) => group.values.length));
  const shaped = groups.filter((group) => group.values.length >= fewest[plot.shape]);
  const legend = series.length === 1 ? null : { ...style.legend, symbolType: "square", symbolOpacity: 1 };
  return {
    title,
    encoding: {
      x: placeChannel(places, plot.xTitle),
      y: { field: "value", ...numberAxis(yScale, plot.yTitle) },
      color: style.channels(legend).color,
    },
    layer: [
      ...(plot.shape === "box" ? boxLayers(shaped) : violinLayers(shaped, yScale)),
      points(drawnPoints(groups), {}, { size: most <= fewValues ? 26 : 10, opacity: 0.55 }),
      lines(groups.map(meanPoint), {}, { strokeWidth: 1.25 }),
      rules(groups.map(meanBar), { x2: "end" }, { strokeWidth: 2.5 }),
    ],
  };
}

/** More shapes beside each other could not be seen. */
const mostPlaces = 60;
/** Of more points some are drawn, evenly by value; shapes and means are always those of all. */
const mostPoints = 4000;

function thinningNote(series: readonly Series[], placeCount: number): string {
  const count = series.reduce((sum, one) => sum + one.points.reduce((n, { values }) => n + values.length, 0), 0);
  return joinNotes([
    placeCount > mostPlaces ? `${mostPlaces} of ${wholeText(placeCount)} places are shown, at equal distances` : "",
    count > mostPoints
      ? `of ${wholeText(count)} points some are drawn, evenly by value; means and shapes are of all`
      : "",
  ]);
}

function drawnPoints(groups: readonly Group[]) {
  const count = groups.reduce((sum, { values }) => sum + values.length, 0);
  if (count <= mostPoints) return groups.flatMap(valuePoints);
  return groups.flatMap((group) => {
    const sorted = group.values.toSorted((one, other) => one.value - other.value);
    return valuePoints({ ...group, values: evenly(sorted, Math.ceil((sorted.length * mostPoints) / count)) });
  });
}

/** The series of a place stand side by side there. */
function groupsOf(
  series: readonly Series[],
  places: readonly (number | string)[],
  labels: ReadonlyMap<string, string>,
): readonly Group[] {
  const present = new Map(places.map((place) => [place, [] as Series[]]));
  for (const one of series) for (const { x } of one.points) present.get(x)?.push(one);
  const room = filled / largestOf(Array.from(present.values(), (here) => here.length));
  const placeOf = new Map(places.map((place, index) => [place, index]));
  return series.flatMap((one) =>
    one.points.flatMap((point) => {
      const place = placeOf.get(point.x);
      if (place === undefined) return [];
      const here = present.get(point.x) ?? [];
      const middle = place + (here.indexOf(one) - (here.length - 1) / 2) * room;
      return { ...point, series: labels.get(one.name) ?? "", middle, halfWidth: room * 0.45 };
    }),
  );
}

function placeChannel(places: readonly (number | string)[], title: string) {
  const labels = places.map((place) => (typeof place === "number" ? numberLabel(place) : shortenMiddle(place, 18)));
  const domain: [number, number] = [-0.5, places.length - 0.5];
  const values = places.map((_, index) => index);
  return {
    field: "place",
    type: "quantitative",
    title,
    scale: { domain, nice: false, zero: false },
    axis: { values, tickCount: places.length, labelExpr: textLabels(labels), grid: false },
  } as const;
}

/** Side by side, so that equal values are seen. */
function valuePoints({ series, values, middle, halfWidth }: Group) {
  const spread = values.length > 1 ? (0.5 * halfWidth) / (values.length - 1) : 0;
  return values.map(({ runId, value }, index) => ({
    series,
    place: middle + (2 * index - (values.length - 1)) * spread,
    value,
    runId,
  }));
}

function meanPoint({ series, middle, mean }: Group) {
  return { series, place: middle, value: mean };
}

function meanBar({ series, middle, halfWidth, mean }: Group) {
  return { series, place: middle - halfWidth * 0.6, end: middle + halfWidth * 0.6, value: mean };
}

function violinLayers(groups: readonly Group[], { type }: AxisScale): readonly Layer[] {
  const isLog = type === "log";
  return groups.map(({ series, values, middle, halfWidth }) => {
    const outline = densityOf(values.map(({ value }) => (isLog ? Math.log(value) : value)));
    const edge = outline.map(({ value, width }) => ({
      series,
      place: middle - halfWidth * width,
      end: middle + halfWidth * width,
      value: isLog ? Math.exp(value) : value,
    }));
    return areas(edge, { x2: "end" }, { orient: "horizontal", opacity: 0.3 });
  });
}

/** From quartile to quartile with the median; whiskers to the last values within 1.5 times their distance. */
function boxLayers(groups: readonly Group[]): readonly Layer[] {
  const boxes = groups.map(({ series, values, middle, halfWidth }) => {
    const sorted = Float64Array.from(values, ({ value }) => value).sort();
    const [value, median, third] = [quantileOf(sorted, 0.25), quantileOf(sorted, 0.5), quantileOf(sorted, 0.75)];
    const reach = 1.5 * (third - value);
    const within = sorted.filter((one) => one >= value - reach && one <= third + reach);
    const sides = { place: middle - halfWidth, end: middle + halfWidth };
    return { series, middle, ...sides, value, third, median, least: within[0], most: within.at(-1) };
  });
  return [
    rectangles(boxes, { x2: "end", y2: "third" }, { opacity: 0.3 }),
    rules(boxes, { x: "middle", y: "least", y2: "value" }),
    rules(boxes, { x: "middle", y: "third", y2: "most" }),
    rules(boxes, { y: "median", x2: "end" }),
  ];
}
