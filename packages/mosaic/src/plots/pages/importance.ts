// `mosaic importance`: how much each option matters for a criterion.
import { type GridResults, type Importance, type OptionImportance, optionImportance } from "@ml-mosaic/statistics";
import type { TableColumn, TableValue } from "../../export/table.ts";
import type { Figure } from "../../figures/figure.ts";
import { messageChart } from "../charts/message-chart.ts";
import { scaleOf } from "../marks/scales.ts";
import { palette, textSize } from "../marks/style.ts";
import { type Configurations, configurationsOf, type VaryingOption } from "../runs/configurations.ts";
import type { PlotRun } from "../runs/plot-runs.ts";
import { joinNotes } from "../runs/series.ts";
import { shortLabels, wrapText } from "../text/fit-text.ts";
import { counted, numberLabel } from "../text/number-label.ts";
import { dataText, repetitionsOf, runsToPlot, withOptions } from "./data-pages.ts";
import type { Chart, Page, Plots } from "./page.ts";
import { figurePage, figureTextWidth } from "./page-layout.ts";

/** @throws MosaicError where there is nothing to tell, with what there is */
export function importancePlots(runs: readonly PlotRun[], criterion: Figure, dataKey: string | undefined): Plots {
  const found = withOptions(configurationsOf(runsToPlot(runs, dataKey), [criterion.name])).map(importanceOn);
  return {
    title: `Importance of options for ${criterion.title}`,
    pageCount: found.length,
    pages: () => found.map((one) => importancePage(one, criterion)),
    table: {
      columns,
      *rows() {
        for (const one of found) yield* tableRows(one, criterion);
      },
    },
  };
}

interface DataImportance {
  readonly of: Configurations;
  readonly isLogarithmic: boolean;
  /** undefined where all means are equal. */
  readonly importance: Importance | undefined;
  /** By total, the greatest first. */
  /** Options that cannot be told apart from another one, each with that one. */
  readonly aliases: readonly Alias[];
  readonly ranked: readonly (OptionImportance & Pick<VaryingOption, "name" | "levels">)[];
}

interface Alias {
  readonly name: string;
  readonly follows: string;
}

/** An option follows another one that every pipeline has, if that one's value says its own. */
function aliasesOf({ options, configurations }: Configurations): readonly Alias[] {
  const aliases: Alias[] = [];
  const says = (one: VaryingOption, other: VaryingOption) => {
    const pairs = configurations.map((of) => JSON.stringify([of.options.get(one.name), of.options.get(other.name)]));
    return new Set(pairs).size === one.levels.length;
  };
  for (const option of options) {
    const isLeft = (name: string) => aliases.some((alias) => alias.name === name);
    const leader = options.find((other) => other !== option && !isLeft(other.name) && !other.levels.includes(null) && says(other, option)); // biome-ignore format: one thought
    // Of two that say each other the first stays.
    if (
      leader !== undefined &&
      !(says(option, leader) && options.indexOf(option) < options.indexOf(leader) && !option.levels.includes(null))
    )
      // biome-ignore format: one thought
      aliases.push({ name: option.name, follows: leader.name });
  }
  return aliases;
}

function importanceOn(of: Configurations): DataImportance {
  const aliases = aliasesOf(of);
  const options = of.options.filter(({ name }) => !aliases.some((alias) => alias.name === name));
  const results = of.configurations.flatMap(({ values }) => values[0]?.map(({ value }) => value) ?? []);
  // A few losses a thousand times the others' would be all that matters.
  const isLogarithmic = scaleOf(results).type === "log";
  const pipelines = of.configurations.map(
    ({ options: chosen, values }): GridResults => ({
      point: options.map(({ name, levels }) => levels.indexOf(chosen.get(name) ?? null)),
      results: new Map(
        values[0]?.map(({ repetition, value }) => [repetition, isLogarithmic ? Math.log(value) : value]),
      ),
    }),
  );
  const importance = optionImportance(
    options.map(({ levels }) => ({
      levelCount: levels.length,
      isOrdered: levels.every((level) => typeof level !== "string"),
    })),
    pipelines,
  );
  const ranked = importance?.options.flatMap((shares, index) => {
    const option = options[index];
    return option === undefined ? [] : [{ ...option, ...shares }];
  });
  return {
    of,
    isLogarithmic,
    importance,
    aliases,
    ranked: (ranked ?? []).sort((one, other) => other.total - one.total),
  };
}

/** More are in the CSV. */
const mostDrawn = 20;
const rowHeight = 34;

function importancePage(found: DataImportance, criterion: Figure): Page {
  const { of, importance, ranked, isLogarithmic, aliases } = found;
  const drawn = ranked.slice(0, mostDrawn);
  const name = `${isLogarithmic ? "log " : ""}${criterion.title}`;
  const pipelines = counted(of.configurations.length, "pipeline");
  const text = {
    text: wrapText(`Importance of options for ${name} on ${dataText(of)}`, figureTextWidth, textSize.title, 2, 600),
    subtitle: [
      joinNotes([pipelines, repetitionsOf(of), ...(ranked[0]?.aloneInterval ? ["95 % jackknife intervals"] : [])]),
      ...notesOf(importance),
      joinNotes(aliases.map(({ name: option, follows }) => `${option} follows ${follows}: they cannot be told apart`)),
      joinNotes([...of.leftOut, ranked.length > drawn.length ? `the first ${mostDrawn} of ${ranked.length} options` : ""]), // biome-ignore format: one thought
    ].flatMap((note) => wrapText(note, figureTextWidth, textSize.subtitle, 2)),
  };
  if (importance === undefined)
    return figurePage(messageChart(text, `All pipelines have the same mean ${criterion.title}.`));
  return figurePage(importanceChart(text, drawn, name), 130 + 12.5 * text.subtitle.length + rowHeight * drawn.length);
}

function notesOf(importance: Importance | undefined): readonly string[] {
  if (importance === undefined) return [];
  const { known, combinations, leftOutR2, chanceShare } = importance;
  const gaps = `${known.toLocaleString("en")} of ${combinations.toLocaleString("en")} combinations of the options were run`;
  const r2 = numberLabel(leftOutR2 === null ? null : Math.round(leftOutR2 * 100) / 100);
  return [
    leftOutR2 === null
      ? "every combination of the options was run: an exact analysis of variance"
      : leftOutR2 > 0.5
        ? `${gaps}; trees guess the others (R² of left-out pipelines ${r2})`
        : `${gaps}; trees guess the others, badly: R² of left-out pipelines ${r2}. Do not rely on this.`,
    chanceShare === null
      ? ""
      : `chance makes ${chanceShare < 0.01 ? "less than 1" : Math.round(chanceShare * 100)} % of the variance between the means${chanceShare > 0.5 ? ": this says little about the options" : ""}`,
  ];
}

const kinds = ["alone", "with interactions"] as const;

function importanceChart(
  title: { readonly text: string[]; readonly subtitle: string[] },
  ranked: DataImportance["ranked"],
  name: string,
): Chart {
  const labels = shortLabels(
    ranked.map((option) => option.name),
    28,
  );
  const bars = ranked.flatMap(({ name: option, alone, total, aloneInterval, totalInterval }) => [
    { option: labels.get(option), kind: kinds[0], share: alone, low: aloneInterval?.low ?? null, high: aloneInterval?.high ?? null }, // biome-ignore format: one thought
    { option: labels.get(option), kind: kinds[1], share: total, low: totalInterval?.low ?? null, high: totalInterval?.high ?? null }, // biome-ignore format: one thought
  ]);
  const domain: [number, number] = [0, 1];
  const share = { type: "quantitative", scale: { domain, nice: false } } as const;
  return {
    title,
    encoding: {
      y: { field: "option", type: "nominal", title: null, sort: [...labels.values()], scale: { paddingInner: 0.3, paddingOuter: 0.15 }, axis: { domain: false, ticks: false, labelLimit: 220, grid: false } }, // biome-ignore format: one thought
      yOffset: { field: "kind", type: "nominal", sort: [...kinds] },
    },
    layer: [
      {
        data: { values: bars },
        mark: "bar",
        encoding: {
          x: { field: "share", ...share, title: `share of the variance of ${name} between pipelines`, axis: { format: ".0%", tickCount: 5 } }, // biome-ignore format: one thought
          color: { field: "kind", type: "nominal", title: null, scale: { domain: [...kinds], range: [palette[0], palette[5]] }, legend: { orient: "top", direction: "horizontal", symbolType: "square", offset: 2 } }, // biome-ignore format: one thought
        },
      },
      {
        data: { values: bars.filter(({ low }) => low !== null) },
        mark: { type: "rule", strokeWidth: 1, color: "#1a1a1a" },
        encoding: { x: { field: "low", ...share }, x2: { field: "high" } },
      },
    ],
  };
}

const columns: readonly TableColumn[] = [
  { name: "data_key", type: "text" },
  { name: "criterion", type: "text" },
  { name: "option", type: "text" },
  { name: "levels", type: "whole" },
  { name: "pipelines", type: "whole" },
  { name: "alone", type: "number" },
  { name: "alone_low", type: "number" },
  { name: "alone_high", type: "number" },
  { name: "with_interactions", type: "number" },
  { name: "with_interactions_low", type: "number" },
  { name: "with_interactions_high", type: "number" },
  { name: "chance_share", type: "number" },
  { name: "left_out_r2", type: "number" },
];

function* tableRows(
  { of, ranked, importance, isLogarithmic }: DataImportance,
  criterion: Figure,
): Iterable<readonly TableValue[]> {
  // biome-ignore format: one thought
  for (const { name, levels, alone, total, aloneInterval, totalInterval } of ranked)
    yield [
      of.dataKey,
      `${isLogarithmic ? "log " : ""}${criterion.name}`,
      name,
      levels.length,
      of.configurations.length,
      alone,
      aloneInterval?.low ?? null,
      aloneInterval?.high ?? null,
      total,
      totalInterval?.low ?? null,
      totalInterval?.high ?? null,
      importance?.chanceShare ?? null,
      importance?.leftOutR2 ?? null,
    ];
}
