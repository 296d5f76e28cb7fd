// `mosaic pareto`: two criteria of every pipeline, and those of which no other is better in both.
import type { Direction } from "@ml-mosaic/statistics";
import { MosaicError } from "../../errors.ts";
import type { TableColumn } from "../../export/table.ts";
import { type Figure, rankDirection } from "../../figures/figure.ts";
import { axisTitle } from "../../figures/figure-text.ts";
import { meanScale } from "../marks/mean-scale.ts";
import { type AxisScale, numberAxis } from "../marks/scales.ts";
import { seriesStyle } from "../marks/series-style.ts";
import { backgroundColor, textSize } from "../marks/style.ts";
import { type Configuration, type Configurations, configurationsOf } from "../runs/configurations.ts";
import { paretoFront } from "../runs/pareto-front.ts";
import type { PlotRun } from "../runs/plot-runs.ts";
import type { RunMean } from "../runs/run-mean.ts";
import { dataNote, joinNotes } from "../runs/series.ts";
import { shortenMiddle, wrapText } from "../text/fit-text.ts";
import { counted, numberLabel } from "../text/number-label.ts";
import { repetitionsOf, runsToPlot } from "./data-pages.ts";
import type { Chart, Page, Plots } from "./page.ts";
import { figurePage, figureTextWidth } from "./page-layout.ts";

type Criteria = readonly [Figure, Figure];

/** @throws MosaicError where there is nothing to plot, with what there is */
export function paretoPlots(runs: readonly PlotRun[], criteria: Criteria, dataKey: string | undefined): Plots {
  const [one, other] = criteria;
  if (one.name === other.name)
    throw new MosaicError("bad-usage", `give two different criteria: ${one.name} alone has no front`);
  const directions: readonly [Direction, Direction] = [rankDirection(one), rankDirection(other)];
  const found = configurationsOf(
    runsToPlot(runs, dataKey),
    criteria.map(({ name }) => name),
  )
    .filter(({ configurations }) => configurations.length > 0)
    .map((of) => ({ of, points: pointsOf(of.configurations, directions) }));
  const title = `Pareto front of ${criteria.map((figure) => figure.title).join(" and ")}`;
  return {
    title,
    pageCount: found.length,
    pages: () => found.map((data) => paretoPage(data, criteria, directions)),
    table: {
      columns: tableColumns(criteria),
      *rows() {
        for (const { of, points } of found)
          for (const { configuration, x, y, isFront } of points)
            yield [of.dataKey, configuration.modelKey, configuration.label, configuration.values[0]?.length ?? 0, x.mean, x.low, x.high, y.mean, y.low, y.high, isFront ? 1 : 0]; // biome-ignore format: one thought
      },
    },
  };
}

interface Point {
  readonly configuration: Configuration;
  readonly x: RunMean;
  readonly y: RunMean;
  readonly isFront: boolean;
}

interface DataPoints {
  readonly of: Configurations;
  readonly points: readonly Point[];
}

const noMean: RunMean = { mean: Number.NaN, low: null, high: null };

function pointsOf(
  configurations: readonly Configuration[],
  directions: readonly [Direction, Direction],
): readonly Point[] {
  // biome-ignore format: one thought
  const means = configurations.map(({ means: [x = noMean, y = noMean] }) => ({ x, y }));
  const isFront = paretoFront(means.map(({ x, y }) => [x.mean, y.mean] as const), directions); // biome-ignore format: one thought
  return configurations.map((configuration, index) => ({
    configuration,
    ...(means[index] ?? { x: noMean, y: noMean }),
    isFront: isFront[index] ?? false,
  }));
}

/** More points of the front are named in the CSV only. */
const mostNamed = 12;

function paretoPage({ of, points }: DataPoints, criteria: Criteria, directions: readonly [Direction, Direction]): Page {
  const front = points.filter(({ isFront }) => isFront).sort((one, other) => one.x.mean - other.x.mean);
  const named = front.slice(0, mostNamed);
  const best = criteria.map((figure, index) => `${figure.title}: ${directions[index]} is better`).join(", ");
  const hasIntervals = points.some(({ x, y }) => x.low !== null || y.low !== null);
  const notes = [
    joinNotes([dataNote(of.dataKey), counted(points.length, "pipeline"), repetitionsOf(of)]),
    joinNotes([best, hasIntervals ? "means with 95 % t intervals" : ""]),
    joinNotes([...of.leftOut]),
    ...named.map(({ configuration, x, y }, index) => `${index + 1}  ${shortenMiddle(configuration.label, 70)}: ${numberLabel(x.mean)}, ${numberLabel(y.mean)}`), // biome-ignore format: one thought
    front.length > named.length ? `and ${front.length - named.length} more on the front` : "",
  ].flatMap((note) => wrapText(note, figureTextWidth, textSize.subtitle, 2));
  const title = {
    text: wrapText(`Pareto front of ${criteria.map((figure) => figure.title).join(" and ")}`, figureTextWidth, textSize.title, 2, 600), // biome-ignore format: one thought
    subtitle: notes,
  };
  return figurePage(paretoChart(points, front, criteria, directions, title), 300 + 12.5 * notes.length);
}

function paretoChart(
  points: readonly Point[],
  front: readonly Point[],
  criteria: Criteria,
  [direction, height]: readonly [Direction, Direction],
  title: { readonly text: string[]; readonly subtitle: string[] },
): Chart {
  const [xScale, yScale] = [meanScale(points.map(({ x }) => x)), meanScale(points.map(({ y }) => y))];
  const models = [...Map.groupBy(points, ({ configuration }) => configuration.modelKey)];
  const style = seriesStyle(
    models.map(([name, of]) => ({ name, points: of.map(({ y }) => ({ mean: y.mean })) })),
    height,
  );
  const rows = points.map(({ configuration, x, y, isFront }) => ({
    ...barsOf(within(x, xScale), within(y, yScale)),
    series: style.labels.get(configuration.modelKey) ?? "",
    pipeline: configuration.label,
    x: x.mean,
    y: y.mean,
    n: configuration.values[0]?.length ?? 0,
    isFront,
  }));
  const domain = [...style.labels.values()];
  const color = { field: "series", type: "nominal", title: null, scale: { domain, range: style.colors }, legend: models.length > 1 ? style.legend : null } as const; // biome-ignore format: one thought
  const shape = { ...color, scale: { domain, range: style.shapes } } as const;
  const steps = front.map(({ x, y }) => ({ x: x.mean, y: y.mean }));
  const shown = rows.filter(({ series }) => series !== "");
  const x = { field: "x", type: "quantitative", title: axisTitle(criteria[0]), ...numberAxis(xScale, xScale.domain[1] > 1000 ? "~s" : ".6~g") } as const; // biome-ignore format: one thought
  const y = { field: "y", type: "quantitative", title: axisTitle(criteria[1]), ...numberAxis(yScale) } as const;
  const bar = { type: "rule", strokeWidth: 0.75, opacity: 0.6 } as const;
  return {
    title,
    encoding: { x, y },
    layer: [
      { data: { values: rows.filter(({ series }) => series === "") }, mark: { type: "point", filled: true, size: 14, color: backgroundColor, opacity: 1 } }, // biome-ignore format: one thought
      { data: { values: steps }, mark: { type: "line", color: "#1a1a1a", strokeWidth: 1, interpolate: direction === "lower" ? "step-after" : "step-before" } }, // biome-ignore format: one thought
      { data: { values: shown.filter(({ xLow }) => xLow !== null) }, mark: bar, encoding: { x: { ...x, field: "xLow" }, x2: { field: "xHigh" }, color } }, // biome-ignore format: one thought
      { data: { values: shown.filter(({ yLow }) => yLow !== null) }, mark: bar, encoding: { y: { ...y, field: "yLow" }, y2: { field: "yHigh" }, color } }, // biome-ignore format: one thought
      { data: { values: shown.filter(({ isFront }) => !isFront) }, mark: { type: "point", filled: true, size: 26, opacity: 0.55 }, encoding: { color, shape } }, // biome-ignore format: one thought
      { data: { values: shown.filter(({ isFront }) => isFront) }, mark: { type: "point", filled: true, size: 60, opacity: 1, stroke: "#1a1a1a", strokeWidth: 1 }, encoding: { color, shape } }, // biome-ignore format: one thought
      {
        data: { values: numbersOf(steps, xScale, yScale) },
        mark: { type: "text", dx: 7, dy: height === "lower" ? -8 : 9, align: "left", fontWeight: 600, fontSize: textSize.label }, // biome-ignore format: one thought
        encoding: { text: { field: "number", type: "nominal" } },
      },
    ],
  };
}

/** Of the frame's width and height: numbers closer than this would lie on each other. */
const closest = { x: 0.035, y: 0.05 } as const;

/** The numbers of the list, from left to right; one that would lie on the one before is left out. */
function numbersOf(steps: readonly { readonly x: number; readonly y: number }[], xScale: AxisScale, yScale: AxisScale) {
  let last = { x: -1, y: -1 };
  return steps.slice(0, mostNamed).flatMap((step, index) => {
    const at = { x: shareOf(step.x, xScale), y: shareOf(step.y, yScale) };
    if (Math.abs(at.x - last.x) < closest.x && Math.abs(at.y - last.y) < closest.y) return [];
    last = at;
    return [{ ...step, number: String(index + 1) }];
  });
}

function shareOf(value: number, { type, domain: [low, high] }: AxisScale): number {
  const scale = type === "log" ? Math.log : (one: number) => one;
  return (scale(value) - scale(low)) / (scale(high) - scale(low));
}

/** Its interval, as far as the axis goes; none where it has no width, as of a size. */
function within({ low, high }: RunMean, { domain: [least, most] }: AxisScale) {
  const isDrawn = low !== null && high !== null && high > low;
  return isDrawn ? { low: Math.max(low, least), high: Math.min(high, most) } : { low: null, high: null };
}

function barsOf(x: ReturnType<typeof within>, y: ReturnType<typeof within>) {
  return { xLow: x.low, xHigh: x.high, yLow: y.low, yHigh: y.high };
}

function tableColumns(criteria: Criteria): readonly TableColumn[] {
  const ofCriterion = ({ name }: Figure) => [name, `${name}_low`, `${name}_high`].map((column) => ({ name: column, type: "number" }) as const); // biome-ignore format: one thought
  return [
    { name: "data_key", type: "text" },
    { name: "model_key", type: "text" },
    { name: "pipeline", type: "text" },
    { name: "n", type: "whole" },
    ...criteria.flatMap(ofCriterion),
    { name: "on_front", type: "whole" },
  ];
}
