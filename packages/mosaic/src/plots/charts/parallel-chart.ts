/** Parallel coordinates: each pipeline a line through its options to its result. */
import { type Direction, largestOf, smallestOf } from "@ml-mosaic/statistics";
import { bareAxis, numberLabels, pair } from "../marks/axes.ts";
import { type Layer, labels, lines, rectangles, rules, ticks } from "../marks/marks.ts";
import { scaleOf } from "../marks/scales.ts";
import { seriesStyle } from "../marks/series-style.ts";
import { backgroundColor, ink, textSize } from "../marks/style.ts";
import { fontOf, type MeasureText, wrapText } from "../text/fit-text.ts";
import type { Chart } from "./chart.ts";
import { criterionAxis, type OptionValue, optionAxis, type ParallelAxis, type VaryingOption } from "./parallel-axes.ts";

/** Lines have the colour of their result, or one for each model. */
export const parallelColors = ["criterion", "model"] as const;
export type ParallelColor = (typeof parallelColors)[number];

export interface ParallelLine {
  readonly pipeline: string;
  readonly model: string;
  /** By the name of the option. */
  readonly options: ReadonlyMap<string, OptionValue>;
  readonly mean: number;
}

interface Model {
  readonly name: string;
  readonly points: readonly { readonly mean: number }[];
}

export interface ParallelPlot {
  /** An axis each, from left to right; the criterion's is the last. */
  readonly options: readonly VaryingOption[];
  readonly lines: readonly ParallelLine[];
  /** All that there are with the means of their lines, drawn or not: which have a colour. */
  readonly models: readonly Model[];
  readonly criterion: string;
  readonly criterionTitle: string;
  readonly direction: Direction;
  readonly color: ParallelColor;
}

/** @param width of the plot alone, in points */
export function parallelChart(plot: ParallelPlot, width: number, measure: MeasureText): Chart {
  const { options, direction, criterionTitle } = plot;
  const means = plot.lines.map(({ mean }) => mean);
  const axes = [...options.map(optionAxis), criterionAxis(criterionTitle, means)];
  const spacing = width / options.length;
  const placed = placedLines(plot, axes);
  const bottom = options.some(({ levels }) => levels.includes(null)) ? -0.19 : -0.06;
  const y = bareAxis(bottom, 1.06);
  const look = { opacity: Math.max(0.25, Math.min(0.9, 12 / Math.sqrt(placed.length))), strokeJoin: "round" } as const;
  const ends = axes.map((_, axis) => ({ axis, at: -0.05, top: 1.05 }));
  const written = axes.flatMap(({ ticks: of }, axis) =>
    of.map(({ at, label }) => {
      const end = axis + (measure(label, fontOf(textSize.label - 1)) + 9) / spacing;
      return { axis, at, label, end, low: at - 0.024, high: at + 0.024 };
    }),
  );
  return {
    encoding: { x: { field: "axis", ...bareAxis(0, axes.length - 1) }, y: { field: "at", ...y } },
    layer: [
      ...(plot.color === "criterion"
        ? [
            linesByCriterion(
              placed,
              wrapText(criterionTitle, { width: 100, measure }, textSize.axisTitle, 3),
              direction,
              look,
            ),
          ]
        : linesByModel(placed, plot.models, direction, look)),
      rules(ends, { y2: "top" }, { color: ink }),
      rectangles(
        written,
        { x2: "end", y: "low", y2: "high" },
        { color: "white", opacity: 0.72, xOffset: 3, x2Offset: 3 },
      ),
      labels(written, "label", {}, { align: "left", dx: 6, fontSize: textSize.label - 1 }),
      ticks(written, {}, { orient: "horizontal", size: 6, color: ink }),
      ...titleLayers(axes, { width: spacing - 6, measure }),
    ],
  };
}

interface PlacedLine extends ParallelLine {
  readonly line: number;
  readonly points: readonly object[];
}

/** In the order of their results, the best ones last: they lie on top. */
function placedLines({ options, lines: given, criterion, direction }: ParallelPlot, axes: readonly ParallelAxis[]) {
  const sign = direction === "lower" ? -1 : 1;
  const ordered = [...given].sort((one, other) => sign * (one.mean - other.mean));
  const columns = axes.map((axis, place) => {
    const option = options[place];
    const values = ordered.map((line) => (option === undefined ? line.mean : (line.options.get(option.name) ?? null)));
    const places = values.map((value) => axis.at(value));
    const spread = option === undefined ? [] : spreadOf(places, direction === "higher");
    return { name: option?.name ?? criterion, values, places: places.map((at, line) => at + (spread[line] ?? 0)) };
  });
  return ordered.map(
    (one, line): PlacedLine => ({
      ...one,
      line,
      points: columns.map(({ name, values, places }, axis) => ({
        line,
        pipeline: one.pipeline,
        mean: one.mean,
        axis,
        name,
        value: values[line],
        at: places[line],
      })),
    }),
  );
}

interface LineLook {
  readonly opacity: number;
  readonly strokeJoin: "round";
}

/** @param title of the legend */
function linesByCriterion(placed: readonly PlacedLine[], title: string[], direction: Direction, look: LineLook): Layer {
  const means = placed.map(({ mean }) => mean);
  const domain = pair(smallestOf(means), largestOf(means) || 1);
  const scheme = { name: "viridis", extent: pair(0, 0.9) } as const;
  const scale = { type: scaleOf(means).type, domain, scheme, reverse: direction === "higher" };
  const bar = { orient: "right", offset: 44, gradientLength: 150, gradientThickness: 10, tickCount: 4 } as const;
  const color = { field: "mean", type: "quantitative", title, scale, legend: { ...bar, ...numberLabels() } } as const;
  const rows = placed.flatMap(({ points }) => points);
  return lines(rows, { detail: "line", color }, { ...look, strokeWidth: 1.1 });
}

function linesByModel(
  placed: readonly PlacedLine[],
  models: readonly Model[],
  direction: Direction,
  look: LineLook,
): readonly Layer[] {
  const style = seriesStyle(models, direction);
  const { color } = style.channels({ orient: "right", offset: 44, labelLimit: 92, symbolType: "stroke" });
  const rowsOf = (isShown: boolean) =>
    placed
      .filter(({ model }) => style.labels.has(model) === isShown)
      .flatMap(({ model, points }) => points.map((point) => ({ ...point, series: style.labels.get(model) ?? "" })));
  return [
    lines(rowsOf(false), { detail: "line" }, { ...look, strokeWidth: 0.6, color: backgroundColor }),
    lines(rowsOf(true), { detail: "line", color }, { ...look, strokeWidth: 1.1 }),
  ];
}

/** Of what lies between neighbouring values. */
const mostSpread = 0.35;

/**
 * Lines that meet in one value would hide each other: they pass it side by side, in their order.
 *
 * @param places of each line, the lines in the order of their results
 * @param isRising whether the results rise from line to line; the lower ones pass below
 */
function spreadOf(places: readonly number[], isRising: boolean): readonly number[] {
  const distinct = [...new Set(places)].sort((one, other) => one - other);
  const gaps = distinct.slice(1).map((place, index) => place - (distinct[index] ?? 0));
  const half = Math.min(0.05, mostSpread * Math.min(1, ...gaps));
  const counts = new Map<number, number>();
  for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
  const passed = new Map<number, number>();
  return places.map((place) => {
    const [before, count] = [passed.get(place) ?? 0, counts.get(place) ?? 1];
    passed.set(place, before + 1);
    return count === 1 ? 0 : half * ((2 * before) / (count - 1) - 1) * (isRising ? 1 : -1);
  });
}

/** Names over the axes, broken into at most two lines. */
function titleLayers(axes: readonly ParallelAxis[], room: { readonly width: number; readonly measure: MeasureText }) {
  const titles = axes.flatMap(({ name }, axis) => {
    const broken = wrapText(name, room, textSize.label, 2, 600);
    return broken.map((text, index) => ({ axis, at: 1, text, up: broken.length - 1 - index }));
  });
  return [0, 1].map((up) =>
    labels(
      titles.filter((title) => title.up === up),
      "text",
      {},
      { align: "center", dy: -24 - 12 * up, fontWeight: 600, fontSize: textSize.label },
    ),
  );
}
