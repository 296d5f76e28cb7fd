/** `mosaic importance`: how much each option matters for a criterion. */
import { countText, wholeText } from "@ml-mosaic/base";
import type { Importance } from "@ml-mosaic/statistics";
import type { TableColumn, TableValue } from "../../export/table.ts";
import type { Figure } from "../../figures/figure.ts";
import { importanceChart } from "../charts/importance-chart.ts";
import { messageChart } from "../charts/message-chart.ts";
import { configurationsOf } from "../runs/configurations.ts";
import { type DataImportance, importanceOn } from "../runs/importance.ts";
import type { PlotRun } from "../runs/plot-runs.ts";
import type { MeasureText } from "../text/fit-text.ts";
import { joinNotes } from "../text/notes.ts";
import { numberLabel } from "../text/number-label.ts";
import { titleOf } from "../text/title.ts";
import { dataText, repetitionsOf, runsToPlot, withOptions } from "./data-pages.ts";
import type { Page, Plots } from "./page.ts";
import { figurePage, figureRoom } from "./page-layout.ts";

/** @throws MosaicError where there is nothing to tell, with what there is */
export function importancePlots(runs: readonly PlotRun[], criterion: Figure, dataKey: string | undefined): Plots {
  const found = withOptions(configurationsOf(runsToPlot(runs, dataKey), [criterion.name])).map(importanceOn);
  return {
    title: `Importance of options for ${criterion.title}`,
    pageCount: found.length,
    pages: (measure) => found.map((one) => importancePage(one, criterion, measure)),
    table: {
      columns,
      *rows() {
        for (const one of found) yield* tableRows(one, criterion);
      },
    },
  };
}

/** More are in the CSV. */
const mostDrawn = 20;
const rowHeight = 34;
const axesHeight = 130;

function importancePage(found: DataImportance, criterion: Figure, measure: MeasureText): Page {
  const { of, importance, ranked } = found;
  const drawn = ranked.slice(0, mostDrawn);
  const name = criterion.title;
  const measured = `${found.isLogarithmic ? "log " : ""}${name}`;
  const notes = importanceNotes(found, drawn);
  const title = titleOf(`Importance of options for ${measured} on ${dataText(of)}`, notes, figureRoom(measure));
  if (importance === undefined) return figurePage(messageChart(title, `All pipelines have the same mean ${name}.`));
  const xTitle = `share of the variance of ${measured} between pipelines`;
  return figurePage(importanceChart(title, drawn, xTitle), axesHeight + rowHeight * drawn.length);
}

/** What has to be known beside the shares, a line each; some may be empty. */
export function importanceNotes(
  { of, importance, ranked, aliases }: DataImportance,
  drawn = ranked,
): readonly string[] {
  const follows = aliases.map((alias) => `${alias.name} follows ${alias.follows}: they cannot be told apart`);
  const pipelines = countText(of.configurations.length, "pipeline");
  const intervals = drawn.some(({ aloneInterval }) => aloneInterval) ? "95 % jackknife intervals" : "";
  return [
    joinNotes([pipelines, repetitionsOf(of), intervals]),
    ...(importance === undefined ? [] : [coverageNote(importance), chanceNote(importance)]),
    joinNotes(follows),
    joinNotes([
      ...of.leftOut,
      ranked.length > drawn.length ? `the first ${mostDrawn} of ${ranked.length} options` : "",
    ]),
  ];
}

/** Which combinations of the options were run, and how well the others are guessed. */
function coverageNote({ known, combinations, leftOutR2 }: Importance): string {
  if (leftOutR2 === null) return "every combination of the options was run: an exact analysis of variance";
  const r2 = numberLabel(Math.round(leftOutR2 * 100) / 100);
  const gaps = `${wholeText(known)} of ${wholeText(combinations)} combinations of the options were run`;
  return leftOutR2 > 0.5
    ? `${gaps}; trees guess the others (R² of left-out pipelines ${r2})`
    : `${gaps}; trees guess the others, badly: R² of left-out pipelines ${r2}. Do not rely on this.`;
}

function chanceNote({ chanceShare }: Importance): string {
  if (chanceShare === null) return "";
  const percent = chanceShare < 0.01 ? "less than 1" : Math.round(chanceShare * 100);
  const warning = chanceShare > 0.5 ? ": this says little about the options" : "";
  return `chance makes ${percent} % of the variance between the means${warning}`;
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

function* tableRows(found: DataImportance, criterion: Figure): Iterable<readonly TableValue[]> {
  const { of, importance } = found;
  const measured = `${found.isLogarithmic ? "log " : ""}${criterion.name}`;
  for (const { name, levels, alone, total, aloneInterval, totalInterval } of found.ranked)
    yield [
      of.dataKey,
      measured,
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
