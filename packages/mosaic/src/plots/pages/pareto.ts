/** `mosaic pareto`: two criteria of every pipeline, and those of which no other is better in both. */
import { countText } from "@ml-mosaic/base";
import type { Direction } from "@ml-mosaic/statistics";
import { MosaicError } from "../../errors.ts";
import type { TableColumn } from "../../export/table.ts";
import { type Figure, rankDirection } from "../../figures/figure.ts";
import { axisTitle } from "../../figures/figure-text.ts";
import { fromLeft, isOnFront, type ParetoPlot, type ParetoPoint, paretoChart } from "../charts/pareto-chart.ts";
import { paretoFront } from "../charts/pareto-front.ts";
import { type Configuration, type Configurations, configurationsOf } from "../runs/configurations.ts";
import type { PlotRun } from "../runs/plot-runs.ts";
import type { RunMean } from "../runs/run-mean.ts";
import { type MeasureText, shortenMiddle } from "../text/fit-text.ts";
import { dataNote, joinNotes } from "../text/notes.ts";
import { numberLabel } from "../text/number-label.ts";
import { repetitionsOf, runsToPlot } from "./data-pages.ts";
import type { Page, Plots } from "./page.ts";
import { figurePage, figureRoom } from "./page-layout.ts";

type Pair<T> = readonly [T, T];

/** @throws MosaicError where there is nothing to plot, with what there is */
export function paretoPlots(runs: readonly PlotRun[], criteria: Pair<Figure>, dataKey: string | undefined): Plots {
  const [x, y] = criteria;
  const directions = [rankDirection(x), rankDirection(y)] as const;
  if (x.name === y.name)
    throw new MosaicError("BAD_USAGE", `give two different criteria: ${x.name} alone has no front`);
  const found = configurationsOf(runsToPlot(runs, dataKey), [x.name, y.name])
    .filter(({ configurations }) => configurations.length > 0)
    .map((of) => ({ of, points: paretoPoints(of.configurations, directions) }));
  const title = `Pareto front of ${x.title} and ${y.title}`;
  const axes = { title, xTitle: axisTitle(x), yTitle: axisTitle(y), directions };
  const better = criteria.map((figure, index) => `${figure.title}: ${directions[index]} is better`).join(", ");
  return {
    title,
    pageCount: found.length,
    pages: (measure) => found.map((data) => paretoPage(data, axes, better, measure)),
    table: {
      columns: tableColumns(criteria),
      *rows() {
        for (const { of, points } of found)
          for (const { model, pipeline, n, isFront, x: across, y: upright } of points) {
            const figures = [across, upright].flatMap(({ mean, low, high }) => [mean, low, high]);
            yield [of.dataKey, model, pipeline, n, ...figures, isFront ? 1 : 0];
          }
      },
    },
  };
}

interface DataPoints {
  readonly of: Configurations;
  readonly points: readonly ParetoPoint[];
}

const noMean: RunMean = { mean: Number.NaN, low: null, high: null };

export function paretoPoints(
  configurations: readonly Configuration[],
  directions: Pair<Direction>,
): readonly ParetoPoint[] {
  const isFront = paretoFront(
    configurations.map(({ means: [x = noMean, y = noMean] }) => [x.mean, y.mean] as const),
    directions,
  );
  return configurations.map((of, index): ParetoPoint => {
    const [x = noMean, y = noMean] = of.means;
    return {
      model: of.modelKey,
      // Few are named, of perhaps a million.
      get pipeline() {
        return of.label;
      },
      n: of.counts[0] ?? 0,
      x,
      y,
      isFront: isFront[index] ?? false,
    };
  });
}

/** More points of the front are named in the CSV only. */
const mostNamed = 12;
const plotHeight = 300;

type Axes = Pick<ParetoPlot, "title" | "xTitle" | "yTitle" | "directions">;

function paretoPage({ of, points }: DataPoints, axes: Axes, better: string, measure: MeasureText): Page {
  const front = fromLeft(points.filter(isOnFront));
  const hasIntervals = points.some(({ x, y }) => x.low !== null || y.low !== null);
  const named = front.slice(0, mostNamed).map(({ pipeline, x, y }, index) => {
    const means = `${numberLabel(x.mean)}, ${numberLabel(y.mean)}`;
    return `${index + 1}  ${shortenMiddle(pipeline, 70)}: ${means}`;
  });
  const notes = [
    joinNotes([dataNote(of.dataKey), countText(points.length, "pipeline"), repetitionsOf(of)]),
    joinNotes([better, hasIntervals ? "means with 95 % t intervals" : ""]),
    joinNotes(of.leftOut),
    ...named,
    front.length > named.length ? `and ${front.length - named.length} more on the front` : "",
  ];
  const chart = paretoChart({ ...axes, notes, points, numbered: named.length }, figureRoom(measure));
  return figurePage(chart, plotHeight);
}

function tableColumns(criteria: Pair<Figure>): readonly TableColumn[] {
  const figures = criteria.flatMap(({ name }) => [name, `${name}_low`, `${name}_high`]);
  return [
    { name: "data_key", type: "text" },
    { name: "model_key", type: "text" },
    { name: "pipeline", type: "text" },
    { name: "n", type: "whole" },
    ...figures.map((name) => ({ name, type: "number" }) as const),
    { name: "on_front", type: "whole" },
  ];
}
