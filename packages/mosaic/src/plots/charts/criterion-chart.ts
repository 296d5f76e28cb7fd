// Means of a criterion as lines or points, with their intervals.
import type { Direction } from "@ml-mosaic/statistics";
import { meanScale } from "../marks/mean-scale.ts";
import { type AxisScale, numberAxis, scaleOf } from "../marks/scales.ts";
import { seriesStyle } from "../marks/series-style.ts";
import { backgroundColor, textSize } from "../marks/style.ts";
import type { Chart } from "../pages/page.ts";
import { compareX, type Series } from "../runs/series.ts";
import { wrapText } from "../text/fit-text.ts";
import { messageChart } from "./message-chart.ts";

export interface CriterionPlot {
  readonly title: string;
  /** Lines under the title: what is shown, how often, what is left out. */
  readonly notes: readonly string[];
  readonly xTitle: string;
  readonly yTitle: string;
  readonly series: readonly Series[];
  readonly direction: Direction;
  readonly marks: "line" | "point";
  readonly intervals: "fill_between" | "bars";
  readonly xScale?: "linear" | "log";
  readonly yScale?: "linear" | "log";
}

interface Row {
  readonly series: string;
  readonly x: number | string;
  readonly mean: number;
  readonly n: number;
  readonly low: number | null;
  readonly high: number | null;
  /** `low`, or the axis's end where `low` lies below it. */
  readonly drawnLow: number | null;
  readonly drawnHigh: number | null;
}

export function criterionChart(plot: CriterionPlot, width: number): Chart {
  const { series, notes, marks, intervals } = plot;
  const style = seriesStyle(series, plot.direction);
  const subtitle = [...notes, style.othersNote]
    .filter((note) => note !== "")
    .flatMap((note) => wrapText(note, width, textSize.subtitle, 2));
  const title = { text: wrapText(plot.title, width, textSize.title, 2, 600), subtitle };
  if (series.length === 0) return messageChart(title, "No run has both figures.");

  const points = series.flatMap((one) => one.points);
  const yScale = meanScale(points, plot.yScale);
  const rows = series.map((one) => rowsOf(one, yScale, style.labels.get(one.name)));
  const inColour = rows.flatMap((ofSeries) => ofSeries.filter(({ series: label }) => label !== ""));
  const others = rows.map((ofSeries) => ofSeries.filter(({ series: label }) => label === ""));
  const domain = [...style.labels.values()];
  const legend = { ...style.legend, symbolOpacity: 1 };
  const color = {
    field: "series",
    type: "nominal",
    title: null,
    scale: { domain, range: style.colors },
    legend,
  } as const;
  const dash = {
    field: "series",
    type: "nominal",
    title: null,
    scale: { domain, range: style.dashes },
    legend,
  } as const;
  const shape = {
    field: "series",
    type: "nominal",
    title: null,
    scale: { domain, range: style.shapes },
    legend,
  } as const;
  const bounds = { y: { field: "drawnLow", type: "quantitative" }, y2: { field: "drawnHigh" } } as const;
  const isBand = intervals === "fill_between" && marks === "line";
  // A band needs two places; one alone gets a bar.
  const bars = inColour.filter(({ low, series: label }) => low !== null && !(isBand && countOf(inColour, label) > 1));
  return {
    title,
    encoding: {
      x: xEncoding(
        plot,
        points.map(({ x }) => x),
      ),
      y: { field: "mean", type: "quantitative", title: plot.yTitle, ...numberAxis(yScale) },
    },
    layer: [
      ...others
        .filter((ofSeries) => ofSeries.length > 0)
        .map((values) => ({
          data: { values },
          mark: {
            type: marks === "line" && values.length > 1 ? "line" : "point",
            color: backgroundColor,
            strokeWidth: 0.75,
            size: 12,
          } as const,
        })),
      ...(isBand
        ? [
            {
              data: { values: inColour.filter(({ low }) => low !== null) },
              mark: { type: "area", opacity: 0.18 } as const,
              encoding: { ...bounds, color },
            },
          ]
        : []),
      { data: { values: bars }, mark: { type: "rule", strokeWidth: 1 }, encoding: { ...bounds, color } },
      ...(marks === "line"
        ? [{ data: { values: inColour }, mark: { type: "line" } as const, encoding: { color, strokeDash: dash } }]
        : []),
      {
        data: { values: inColour },
        mark: { type: "point", filled: true, size: 42, opacity: 1 },
        encoding: { color, shape },
      },
    ],
  };
}

function countOf(rows: readonly Row[], label: string): number {
  return rows.filter(({ series }) => series === label).length;
}

function rowsOf({ points }: Series, { domain: [least, most] }: AxisScale, label = ""): Row[] {
  return points.map(({ x, mean, low, high, values }) => ({
    series: label,
    x,
    mean,
    n: values.length,
    low,
    high,
    drawnLow: low === null ? null : Math.max(low, least),
    drawnHigh: high === null ? null : Math.min(high, most),
  }));
}

function xEncoding({ xTitle, xScale }: CriterionPlot, places: readonly (number | string)[]) {
  const numbers = places.filter((place) => typeof place === "number");
  if (numbers.length < places.length) {
    const sort = [...new Set(places)].sort(compareX).map(String);
    return { field: "x", type: "ordinal", title: xTitle, sort, axis: { labelAngle: 0, grid: false } } as const;
  }
  const xAxis = scaleOf(numbers, xScale);
  const { scale, axis } = numberAxis(xAxis, xAxis.domain[1] > 1000 ? "~s" : ".6~g");
  return { field: "x", type: "quantitative", title: xTitle, scale, axis: { ...axis, grid: false } } as const;
}
