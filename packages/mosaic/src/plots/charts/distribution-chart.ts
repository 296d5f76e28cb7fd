// How a criterion spreads over repetitions: at each place and for each series a violin or box, the values, the mean.
import { quantileOf } from "@ml-mosaic/statistics";
import { type AxisScale, numberAxis, scaleOf } from "../marks/scales.ts";
import { seriesStyle } from "../marks/series-style.ts";
import { textSize } from "../marks/style.ts";
import { densityOf } from "../marks/violin.ts";
import type { Chart } from "../pages/page.ts";
import { compareX, type Series, type SeriesPoint } from "../runs/series.ts";
import { shortenMiddle, wrapText } from "../text/fit-text.ts";
import { numberLabel } from "../text/number-label.ts";
import type { CriterionPlot } from "./criterion-chart.ts";
import { messageChart } from "./message-chart.ts";

export interface DistributionPlot extends Omit<CriterionPlot, "marks" | "intervals" | "xScale"> {
  readonly shape: "violin" | "box";
}

/** Fewer values than these have no shape: they are shown by themselves. */
const fewestShaped = 5;
/** Up to so many values at a place each is a large point. */
const fewValues = 20;
/** The share of a place that its shapes take. */
const filled = 0.8;

interface Group extends SeriesPoint {
  readonly series: string;
  /** Where its middle is; places are 0, 1, 2… */
  readonly middle: number;
  readonly halfWidth: number;
}

export function distributionChart(plot: DistributionPlot, width: number): Chart {
  const { notes, series: all, xTitle, yTitle } = plot;
  const style = seriesStyle(all, plot.direction);
  const series = all.filter(({ name }) => style.labels.has(name));
  const left = all.length - series.length;
  const leftNote = left === 0 ? "" : `the ${series.length} with the best means, without ${left} others`;
  const subtitle = [...notes, leftNote]
    .filter((note) => note !== "")
    .flatMap((note) => wrapText(note, width, textSize.subtitle, 2));
  const title = { text: wrapText(plot.title, width, textSize.title, 2, 600), subtitle };
  if (series.length === 0) return messageChart(title, "No run has this figure.");

  const places = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].sort(compareX);
  const groups = groupsOf(series, places, style.labels);
  const yScale = scaleOf(
    groups.flatMap(({ values }) => values.map(({ value }) => value)),
    plot.yScale,
  );
  const domain = [...style.labels.values()];
  const legend = series.length === 1 ? null : { ...style.legend, symbolType: "square", symbolOpacity: 1 };
  const color = {
    field: "series",
    type: "nominal",
    title: null,
    scale: { domain, range: style.colors },
    legend,
  } as const;
  const shaped = groups.filter(({ values }) => values.length >= fewestShaped);
  const most = Math.max(...groups.map(({ values }) => values.length));
  const shapes = plot.shape === "box" ? boxLayers(shaped) : violinLayers(shaped, yScale);
  return {
    title,
    encoding: {
      x: placeAxis(places, xTitle),
      y: { field: "value", type: "quantitative", title: yTitle, ...numberAxis(yScale) },
      color,
    },
    layer: [
      ...shapes,
      {
        data: { values: groups.flatMap(valuePoints) },
        mark: { type: "point", filled: true, size: most <= fewValues ? 26 : 10, opacity: 0.55 },
      },
      {
        data: {
          values: groups.map(({ series: name, middle, mean }) => ({ series: name, place: middle, value: mean })),
        },
        mark: { type: "line", strokeWidth: 1.25 },
      },
      {
        data: {
          values: groups.map(({ series: name, middle, halfWidth, mean }) => ({
            series: name,
            place: middle - halfWidth * 0.6,
            end: middle + halfWidth * 0.6,
            value: mean,
          })),
        },
        mark: { type: "rule", strokeWidth: 2.5 },
        encoding: { x2: { field: "end" } },
      },
    ],
  };
}

/** The series of a place stand side by side there. */
function groupsOf(
  series: readonly Series[],
  places: readonly (number | string)[],
  labels: ReadonlyMap<string, string>,
): readonly Group[] {
  const present = places.map((place) => series.filter(({ points }) => points.some(({ x }) => x === place)));
  const room = filled / Math.max(...present.map((names) => names.length));
  return series.flatMap((one) =>
    one.points.map((point) => {
      const place = places.indexOf(point.x);
      const here = present[place] ?? [];
      const middle = place + (here.indexOf(one) - (here.length - 1) / 2) * room;
      return { ...point, series: labels.get(one.name) ?? "", middle, halfWidth: room * 0.45 };
    }),
  );
}

function placeAxis(places: readonly (number | string)[], title: string) {
  const labels = places.map((place) => (typeof place === "number" ? numberLabel(place) : shortenMiddle(place, 18)));
  const domain: [number, number] = [-0.5, places.length - 0.5];
  return {
    field: "place",
    type: "quantitative",
    title,
    scale: { domain, nice: false, zero: false },
    axis: {
      values: places.map((_, index) => index),
      tickCount: places.length,
      labelExpr: `${JSON.stringify(labels)}[datum.value]`,
      grid: false,
    },
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

function violinLayers(groups: readonly Group[], { type }: AxisScale) {
  const isLog = type === "log";
  return groups.map(({ series, values, middle, halfWidth }) => {
    const outline = densityOf(values.map(({ value }) => (isLog ? Math.log(value) : value)));
    const points = outline.map(({ value, width }) => ({
      series,
      place: middle - halfWidth * width,
      end: middle + halfWidth * width,
      value: isLog ? Math.exp(value) : value,
    }));
    const mark = { type: "area", orient: "horizontal", opacity: 0.3 } as const;
    return { data: { values: points }, mark, encoding: { x2: { field: "end" } } };
  });
}

/** From quartile to quartile with the median; whiskers to the last values within 1.5 times their distance. */
function boxLayers(groups: readonly Group[]) {
  const boxes = groups.map(({ series, values, middle, halfWidth }) => {
    const sorted = values.map(({ value }) => value).sort((one, other) => one - other);
    const [first, median, third] = [0.25, 0.5, 0.75].map((q) => quantileOf(Float64Array.from(sorted), q));
    const [low = Number.NaN, high = Number.NaN] = [first, third];
    const reach = 1.5 * (high - low);
    const within = sorted.filter((value) => value >= low - reach && value <= high + reach);
    const sides = { place: middle - halfWidth, end: middle + halfWidth };
    return { series, middle, ...sides, value: low, third: high, median, least: within[0], most: within.at(-1) };
  });
  const data = { values: boxes };
  const whisker = (from: string, to: string) => ({
    data,
    mark: { type: "rule", strokeWidth: 1 } as const,
    encoding: {
      x: { field: "middle", type: "quantitative" },
      y: { field: from, type: "quantitative" },
      y2: { field: to },
    } as const,
  });
  return [
    { data, mark: { type: "rect", opacity: 0.3 } as const, encoding: { x2: { field: "end" }, y2: { field: "third" } } },
    whisker("least", "value"),
    whisker("third", "most"),
    {
      data,
      mark: { type: "rule", strokeWidth: 1 } as const,
      encoding: { y: { field: "median", type: "quantitative" }, x2: { field: "end" } } as const,
    },
  ];
}
