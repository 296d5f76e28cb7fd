/** `mosaic parallel`: each pipeline a line through its options to its result. */
import { countText, wholeText } from "@ml-mosaic/base";
import { type Figure, rankDirection } from "../../figures/figure.ts";
import { directionNote, shortAxisTitle } from "../../figures/figure-text.ts";
import { titleChart } from "../charts/heading-chart.ts";
import type { VaryingOption } from "../charts/parallel-axes.ts";
import { type ParallelColor, type ParallelPlot, parallelChart } from "../charts/parallel-chart.ts";
import { evenly } from "../marks/evenly.ts";
import { textSize } from "../marks/style.ts";
import { type Configuration, type Configurations, configurationsOf } from "../runs/configurations.ts";
import type { PlotRun } from "../runs/plot-runs.ts";
import type { MeasureText } from "../text/fit-text.ts";
import { dataNote, joinNotes } from "../text/notes.ts";
import { titleOf } from "../text/title.ts";
import { repetitionsOf, runsToPlot, withOptions } from "./data-pages.ts";
import type { Page, Plots, PlotTable } from "./page.ts";
import { chunksOf } from "./page-layout.ts";

export interface ParallelOptions {
  readonly criterion: Figure;
  readonly dataKey: string | undefined;
  readonly color: ParallelColor;
}

/** @throws MosaicError where there is nothing to plot, with what there is */
export function parallelPlots(runs: readonly PlotRun[], { criterion, dataKey, color }: ParallelOptions): Plots {
  const direction = rankDirection(criterion);
  const found = withOptions(configurationsOf(runsToPlot(runs, dataKey), [criterion.name]));
  const common = { criterion: criterion.name, criterionTitle: shortAxisTitle(criterion), direction, color };
  const drawn = found.flatMap((of) =>
    pagesOf(of.options).map((options, part, { length: parts }): Drawn => {
      const plot = { ...common, options, lines: drawnOf(of).map(lineOf), models: modelsOf(of) };
      return {
        of,
        plot,
        criterion,
        page: parts > 1 ? `page ${part + 1} of ${parts}: ${of.options.length} options` : "",
      };
    }),
  );
  return {
    title: `Options and ${criterion.title}`,
    pageCount: drawn.length,
    pages: (measure) => drawn.map((one) => parallelPage(one, measure)),
    table: tableOf(found, criterion),
  };
}

interface Drawn {
  readonly of: Configurations;
  readonly plot: ParallelPlot;
  readonly criterion: Figure;
  /** Which part of the options it has; "" where it has them all. */
  readonly page: string;
}

/** More options go on to the next page. */
const mostAxes = 11;

function pagesOf(options: readonly VaryingOption[]): readonly (readonly VaryingOption[])[] {
  return chunksOf(options, Math.ceil(options.length / Math.ceil(options.length / mostAxes)));
}

/** More lines than a picture can show would only take time and paper. */
const mostLines = 2000;

/** The best and the worst are among them, so that the axis of results is that of all. */
function drawnOf({ configurations }: Configurations): readonly Configuration[] {
  if (configurations.length <= mostLines) return configurations;
  const means = Float64Array.from(configurations, meanOf);
  const ranked = Uint32Array.from(means.keys()).sort((one, other) => (means[one] ?? 0) - (means[other] ?? 0));
  return evenly([...ranked], mostLines).flatMap((index) => configurations[index] ?? []);
}

function modelsOf({ configurations }: Configurations) {
  return [...Map.groupBy(configurations, ({ modelKey }) => modelKey)].map(([name, ofModel]) => ({
    name,
    points: ofModel.map((one) => ({ mean: meanOf(one) })),
  }));
}

function meanOf({ means }: Configuration): number {
  return means[0]?.mean ?? Number.NaN;
}

function linesNote({ lines }: ParallelPlot, { configurations }: Configurations): string {
  const all = countText(configurations.length, "pipeline");
  return lines.length === configurations.length
    ? `each line is one of ${all}`
    : `each line is one of ${wholeText(lines.length)} pipelines, taken evenly by result from ${all}, the best and the worst among them`;
}

function lineOf({ label, modelKey, options, means }: Configuration) {
  return { pipeline: label, model: modelKey, options, mean: means[0]?.mean ?? Number.NaN };
}

const spacings = { least: 72, most: 120 } as const;
const leastWidth = 504;
const plotHeight = 250;
const inset = { left: 34, top: 26, right: 150, bottom: 26 } as const;
const margin = 6;

function parallelPage({ of, plot, criterion, page }: Drawn, measure: MeasureText): Page {
  const gaps = plot.options.length;
  const beside = inset.left + inset.right;
  const wanted = Math.max(spacings.least, Math.min(spacings.most, 640 / gaps), (leastWidth - beside) / gaps);
  const width = Math.max(leastWidth, beside + gaps * Math.min(spacings.most * 2, wanted) + 12);
  const name = criterion.title;
  const lines = `${linesNote(plot, of)}, at its mean ${name}`;
  const sideBySide = "lines side by side have one value, the lower results below";
  const notes = [
    joinNotes([dataNote(of.dataKey), lines]),
    joinNotes([repetitionsOf(of), directionNote(criterion), sideBySide, page]),
    joinNotes(of.leftOut),
  ];
  const title = titleOf(`Options and ${name}`, notes, { width: width - 24, measure });
  const headingHeight = 24 + textSize.lineHeight * title.subtitle.length + margin;
  const height = plotHeight + inset.top + inset.bottom;
  const y = headingHeight + margin;
  return {
    width,
    height: Math.ceil(y + height),
    charts: [
      { chart: titleChart(title), x: margin, y: margin, width: width - 2 * margin, height: headingHeight },
      { chart: parallelChart(plot, width - beside, measure), x: 0, y, width, height, inset },
    ],
  };
}

function tableOf(found: readonly Configurations[], criterion: Figure): PlotTable {
  const names = [...new Set(found.flatMap(({ options }) => options.map(({ name }) => name)))];
  return {
    columns: [
      { name: "data_key", type: "text" },
      { name: "model_key", type: "text" },
      { name: "pipeline", type: "text" },
      ...names.map((name) => ({ name: `option ${name}`, type: "text" }) as const),
      { name: "n", type: "whole" },
      { name: criterion.name, type: "number" },
      { name: "t_interval_low", type: "number" },
      { name: "t_interval_high", type: "number" },
    ],
    *rows() {
      for (const { dataKey, configurations } of found)
        for (const { modelKey, label, options, counts, means } of configurations) {
          const { mean = null, low = null, high = null } = means[0] ?? {};
          const chosen = names.map((name) => options.get(name) ?? null);
          yield [dataKey, modelKey, label, ...chosen, counts[0] ?? 0, mean, low, high];
        }
    },
  };
}
