// `mosaic parallel`: each pipeline a line through its options to its result.
import { type Figure, rankDirection } from "../../figures/figure.ts";
import { directionNote, shortAxisTitle } from "../../figures/figure-text.ts";
import { headingChart } from "../charts/heading-chart.ts";
import { criterionAxis, optionAxis, type ParallelAxis } from "../charts/parallel-axes.ts";
import { numberAxis, scaleOf } from "../marks/scales.ts";
import { seriesStyle } from "../marks/series-style.ts";
import { backgroundColor, fontFamily, textSize } from "../marks/style.ts";
import {
  type Configuration,
  type Configurations,
  configurationsOf,
  type VaryingOption,
} from "../runs/configurations.ts";
import type { PlotRun } from "../runs/plot-runs.ts";
import { dataNote, joinNotes } from "../runs/series.ts";
import { wrapText } from "../text/fit-text.ts";
import { counted } from "../text/number-label.ts";
import { textWidth } from "../write/fonts.ts";
import { repetitionsOf, runsToPlot, withOptions } from "./data-pages.ts";
import type { Chart, Page, PlacedChart, Plots, PlotTable } from "./page.ts";

export type ParallelColor = "criterion" | "model";

/** @throws MosaicError where there is nothing to plot, with what there is */
export function parallelPlots(
  runs: readonly PlotRun[],
  criterion: Figure,
  { dataKey, color }: { readonly dataKey: string | undefined; readonly color: ParallelColor },
): Plots {
  const found = withOptions(configurationsOf(runsToPlot(runs, dataKey), [criterion.name]));
  const drawn = found.flatMap((of) => chunksOf(of.options).map((options, part, parts) => ({ of, options, part, parts: parts.length }))); // biome-ignore format: one thought
  return {
    title: `Options and ${criterion.title}`,
    pageCount: drawn.length,
    pages: () => drawn.map((one) => parallelPage(one, criterion, color)),
    table: tableOf(found, criterion),
  };
}

/** More options go on to the next page. */
const mostAxes = 11;

function chunksOf(options: readonly VaryingOption[]): readonly (readonly VaryingOption[])[] {
  const pages = Math.ceil(options.length / mostAxes);
  const each = Math.ceil(options.length / pages);
  return Array.from({ length: pages }, (_, page) => options.slice(page * each, (page + 1) * each));
}

interface Drawn {
  readonly of: Configurations;
  readonly options: readonly VaryingOption[];
  readonly part: number;
  readonly parts: number;
}

const spacings = { least: 72, most: 120 } as const;
const leastWidth = 504;
const plotHeight = 250;
const inset = { left: 34, top: 26, right: 150, bottom: 26 } as const;

function parallelPage({ of, options, part, parts }: Drawn, criterion: Figure, color: ParallelColor): Page {
  const gaps = options.length;
  const room = inset.left + inset.right;
  const spacing = Math.min(spacings.most * 2, Math.max(spacings.least, Math.min(spacings.most, 640 / gaps), (leastWidth - room) / gaps)); // biome-ignore format: one thought
  const width = Math.max(leastWidth, room + gaps * spacing + 12);
  const name = criterion.title;
  const notes = [
    joinNotes([dataNote(of.dataKey), `each line is one of ${counted(of.configurations.length, "pipeline")}, at its mean ${name}`]), // biome-ignore format: one thought
    joinNotes([repetitionsOf(of), directionNote(criterion), "lines side by side have one value, the lower results below", parts > 1 ? `page ${part + 1} of ${parts}: ${of.options.length} options` : ""]), // biome-ignore format: one thought
    joinNotes(of.leftOut),
  ].flatMap((note) => wrapText(note, width - 24, textSize.subtitle, 2));
  const headingHeight = 24 + 12.5 * notes.length + 6;
  const title = `Options and ${name}`;
  const heading: Chart = { ...headingChart(title, "", width - 24), title: { text: wrapText(title, width - 24, textSize.title, 1, 600), subtitle: notes } }; // biome-ignore format: one thought
  const size = { width: width - room, height: plotHeight };
  const charts: PlacedChart[] = [
    { chart: heading, x: 6, y: 6, width: width - 12, height: headingHeight, scale: 1 },
    {
      chart: parallelChart(of.configurations, options, criterion, color, size),
      x: 0,
      y: headingHeight + 6,
      width,
      height: plotHeight + inset.top + inset.bottom,
      scale: 1,
      inset,
    },
  ];
  return { width, height: Math.ceil(headingHeight + 6 + plotHeight + inset.top + inset.bottom), charts };
}

function parallelChart(
  configurations: readonly Configuration[],
  options: readonly VaryingOption[],
  criterion: Figure,
  color: ParallelColor,
  size: { readonly width: number; readonly height: number },
): Chart {
  const direction = rankDirection(criterion);
  const meanOf = ({ means }: Configuration) => means[0]?.mean ?? Number.NaN;
  const optionAxes = options.map(optionAxis);
  const axes = [...optionAxes, criterionAxis(shortAxisTitle(criterion), configurations.map(meanOf))];
  const spacing = size.width / options.length;
  // The best ones lie on top.
  const sign = direction === "lower" ? -1 : 1;
  const ordered = [...configurations].sort((one, other) => sign * (meanOf(one) - meanOf(other)));
  const lines = ordered.map((configuration, line) => ({ configuration, line, mean: meanOf(configuration) }));
  const spread = axes.map((axis, place) => spreadOf(lines.map(({ configuration }) => valueAt(configuration, options[place], axis)), direction === "higher")); // biome-ignore format: one thought
  const pointsOf = ({ configuration, line, mean }: (typeof lines)[number], series: string) =>
    axes.map((axis, place) => {
      const option = options[place];
      const value = option === undefined ? mean : (configuration.options.get(option.name) ?? null);
      const at = axis.at(value) + (option === undefined ? 0 : (spread[place]?.[line] ?? 0));
      return { line, pipeline: configuration.label, series, mean, axis: place, name: option?.name ?? criterion.name, value, at }; // biome-ignore format: one thought
    });
  const x = { type: "quantitative", scale: { domain: pair(0, axes.length - 1), nice: false, zero: false }, axis: null } as const; // biome-ignore format: one thought
  const y = {
    type: "quantitative",
    scale: {
      domain: pair(options.some(({ levels }) => levels.includes(null)) ? -0.19 : -0.06, 1.06),
      nice: false,
      zero: false,
    },
    axis: null,
  } as const;
  const opacity = Math.max(0.25, Math.min(0.9, 12 / Math.sqrt(configurations.length)));
  const style = seriesStyle([...Map.groupBy(lines, ({ configuration }) => configuration.modelKey)].map(([name, of]) => ({ name, points: of })), direction); // biome-ignore format: one thought
  const line = (width: number) => ({ type: "line", strokeWidth: width, opacity, strokeJoin: "round" }) as const;
  const meanScale = scaleOf(lines.map(({ mean }) => mean));
  const means = lines.map(({ mean }) => mean);
  const layers =
    color === "criterion"
      ? [
          {
            data: { values: lines.flatMap((one) => pointsOf(one, one.configuration.modelKey)) },
            mark: line(1.1),
            encoding: {
              detail: { field: "line", type: "nominal" },
              color: {
                field: "mean",
                type: "quantitative",
                title: wrapText(shortAxisTitle(criterion), 100, textSize.axisTitle, 3),
                scale: { type: meanScale.type, domain: pair(Math.min(...means), Math.max(...means) || 1), scheme: { name: "viridis", extent: [0, 0.9] }, reverse: direction === "higher" }, // biome-ignore format: one thought
                legend: { orient: "right", offset: 44, gradientLength: 150, gradientThickness: 10, ...legendFormat(meanScale), tickCount: 4 }, // biome-ignore format: one thought
              },
            },
          } as const,
        ]
      : [
          {
            data: { values: lines.filter(({ configuration }) => !style.labels.has(configuration.modelKey)).flatMap((one) => pointsOf(one, "")) }, // biome-ignore format: one thought
            mark: { ...line(0.6), color: backgroundColor },
            encoding: { detail: { field: "line", type: "nominal" } },
          } as const,
          {
            data: { values: lines.flatMap((one) => (style.labels.has(one.configuration.modelKey) ? pointsOf(one, style.labels.get(one.configuration.modelKey) ?? "") : [])) }, // biome-ignore format: one thought
            mark: line(1.1),
            encoding: {
              detail: { field: "line", type: "nominal" },
              color: { field: "series", type: "nominal", title: null, scale: { domain: [...style.labels.values()], range: style.colors }, legend: { orient: "right", offset: 44, labelLimit: 92, symbolType: "stroke" } }, // biome-ignore format: one thought
            },
          } as const,
        ];
  const font = `${textSize.label - 1}px '${fontFamily}'`;
  const ticks = axes.flatMap(
    ({ ticks: of }, place) =>
    of.map(({ at, label }) => ({ axis: place, at, label, end: place + (textWidth(label, font) + 9) / spacing, low: at - 0.024, high: at + 0.024 })), // biome-ignore format: one thought
  );
  return {
    encoding: { x: { field: "axis", ...x }, y: { field: "at", ...y } },
    layer: [
      ...layers,
      { data: { values: axes.map((_, place) => ({ axis: place, at: -0.05, top: 1.05 })) }, mark: { type: "rule", color: "#1a1a1a", strokeWidth: 1 }, encoding: { y2: { field: "top" } } }, // biome-ignore format: one thought
      { data: { values: ticks }, mark: { type: "rect", color: "white", opacity: 0.72, xOffset: 3, x2Offset: 3 }, encoding: { x2: { field: "end" }, y: { field: "low", ...y }, y2: { field: "high" } } }, // biome-ignore format: one thought
      { data: { values: ticks }, mark: { type: "text", align: "left", dx: 6, fontSize: textSize.label - 1, limit: 0 }, encoding: { text: { field: "label", type: "nominal" } } }, // biome-ignore format: one thought
      {
        data: { values: ticks },
        mark: { type: "tick", orient: "horizontal", size: 6, thickness: 1, color: "#1a1a1a" },
      },
      ...titleLayers(axes, spacing),
    ],
  };
}

function valueAt(configuration: Configuration, option: VaryingOption | undefined, axis: ParallelAxis): number {
  return option === undefined ? 0 : axis.at(configuration.options.get(option.name) ?? null);
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
function titleLayers(axes: readonly ParallelAxis[], spacing: number) {
  const titles = axes.flatMap(({ name }, place) => {
    const lines = wrapText(name, spacing - 6, textSize.label, 2, 600);
    return lines.map((text, index) => ({ axis: place, text, up: lines.length - 1 - index }));
  });
  return [0, 1].map((up) => ({
    data: { values: titles.filter((title) => title.up === up).map((title) => ({ ...title, at: 1 })) },
    mark: { type: "text", align: "center", dy: -24 - 12 * up, fontWeight: 600, fontSize: textSize.label, limit: 0 } as const, // biome-ignore format: one thought
    encoding: { text: { field: "text", type: "nominal" } } as const,
  }));
}

function legendFormat(scale: ReturnType<typeof scaleOf>) {
  const { labelExpr, format } = numberAxis(scale).axis;
  return { labelExpr, format };
}

function pair(low: number, high: number): [number, number] {
  return [low, high];
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
        for (const { modelKey, label, options, values, means } of configurations)
          yield [dataKey, modelKey, label, ...names.map((name) => options.get(name) ?? null), values[0]?.length ?? 0, means[0]?.mean ?? null, means[0]?.low ?? null, means[0]?.high ?? null]; // biome-ignore format: one thought
    },
  };
}
