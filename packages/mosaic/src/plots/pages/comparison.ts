/** `mosaic compare --plot`: the ranking, the verdicts and what has to be said about them, on one page. */

import { countText } from "@ml-mosaic/base";
import { largestOf, smallestOf } from "@ml-mosaic/statistics";
import type { DataReport, ModelStanding } from "../../compare/data-report.ts";
import type { OverallModel, OverallReport } from "../../compare/overall-report.ts";
import type { CompareReport } from "../../compare/report.ts";
import { ropeText } from "../../compare/rope.ts";
import { rankDirection } from "../../figures/figure.ts";
import { axisTitle } from "../../figures/figure-text.ts";
import type { RowMean } from "../charts/standing-rows.ts";
import type { PairVerdict } from "../charts/verdict-rows.ts";
import { boundsWithin, cutNote } from "../marks/intervals.ts";
import { meanScale } from "../marks/mean-scale.ts";
import { type AxisScale, scaleOf } from "../marks/scales.ts";
import { compareTable } from "../runs/compare-table.ts";
import { isolated, type MeasureText } from "../text/fit-text.ts";
import { joinNotes } from "../text/notes.ts";
import { numberLabel } from "../text/number-label.ts";
import { upperFirst } from "../text/title.ts";
import {
  type Columns,
  type Content,
  columnsOf,
  messagePanel,
  pageOf,
  rankPanel,
  type Standings,
  standingsPanel,
} from "./comparison-panels.ts";
import type { Plots } from "./page.ts";

/** What has to be said in words, as on the terminal. */
export interface CompareTexts {
  /** A line for each pair with the best model. */
  readonly verdicts: (data: DataReport) => readonly string[];
  readonly notes: (data: DataReport) => readonly string[];
  readonly overall: readonly string[];
  /** About all of it. */
  readonly common: readonly string[];
}

/** More are named, not drawn. */
const mostRows = 40;
/** Of few models each pair gets its line of words. */
const mostInWords = 6;
const pairingNote =
  "Each interval is of one mean by itself. The verdicts compare repetition by repetition, so that intervals which overlap do not contradict them.";
const barsNote = "Bars join neighbours of which no verdict tells any two apart.";

/**
 * A page for a single data set; for several one page over all of them, and one for each where `all` is asked for or
 * nothing can be said over all.
 */
export function comparePlots(report: CompareReport, texts: CompareTexts, all: boolean): Plots {
  const { dataSets, overall } = report;
  const single = overall === null || all ? dataSets : [];
  const contents = [
    ...(overall === null ? [] : [() => overallContent(report, overall, texts)]),
    ...single.map((data) => () => dataContent(report, data, texts)),
  ];
  return {
    title: `Comparison by ${report.criterion.title}`,
    pageCount: contents.length,
    pages: (measure) => contents.map((content) => pageOf(content(), measure)),
    table: compareTable(report),
  };
}

function commonNotes({ criterion, rope, by }: CompareReport): readonly string[] {
  return [
    `${rankDirection(criterion)} is better`,
    by === null ? "" : `models grouped by ${by}`,
    `differences up to ${ropeText(rope)} count as none`,
  ];
}

function dataContent(report: CompareReport, data: DataReport, texts: CompareTexts): Content {
  const models = data.models.filter(({ mean }) => mean !== null);
  const shown = models.slice(0, mostRows);
  const means = shown.map(({ mean, interval, n, model }, index) => ({
    row: String(index),
    model,
    mean: mean ?? Number.NaN,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
    n,
  }));
  const scale = intervalScale(means);
  const standings: Standings = {
    means,
    scale,
    title: means.some(({ low }) => low !== null) ? "mean with 95 % interval" : "mean",
    xTitle: axisTitle(report.criterion),
    figures: figureColumns(shown),
    pairs: pairsOf(
      data.pairs.map(({ pCorrected, ...pair }) => ({ ...pair, p: pCorrected })),
      shown,
    ),
  };
  return {
    title: `${upperFirst(report.criterion.title)} on ${isolated(data.data) || "no data module"}`,
    note: joinNotes([...countNotes(data, models), ...commonNotes(report)]),
    panels: [shown.length === 0 ? messagePanel : (measure) => standingsPanel(standings, measure)],
    words: [
      ...(models.length > 1 && models.length <= mostInWords ? texts.verdicts(data) : []),
      ...withoutResult(data.models),
      drawnNote(shown, models),
      cutWords(means, scale),
      data.pairs.some(({ evidence }) => evidence !== undefined && evidence.method !== "fixed") ? pairingNote : "",
      ...texts.notes(data),
      ...texts.common,
    ],
  };
}

/** How often each model was run. */
function countNotes({ folds, scale }: DataReport, models: readonly ModelStanding[]): readonly string[] {
  const ns = models.map(({ n }) => n);
  if (ns.length === 0) return [];
  const [least, most] = [smallestOf(ns), largestOf(ns)];
  const unit = folds > 0 ? "result" : "repetition";
  const count = least === most ? countText(most, unit) : `${least} to ${countText(most, unit)}`;
  return [
    `n = ${count}`,
    folds > 0 ? `${folds}-fold cross-validation` : "",
    scale === "log" ? "compared by ratios, with geometric means" : "",
  ];
}

function overallContent(report: CompareReport, overall: OverallReport, texts: CompareTexts): Content {
  const shown = overall.models.slice(0, mostRows);
  const count = countText(overall.dataSets.length, "data set");
  const hasScores = shown.every(({ interquartileMean }) => interquartileMean !== null);
  const means = shown.map(({ model, averageRank, interquartileMean }, index) => ({
    row: String(index),
    model,
    mean: interquartileMean?.mean ?? averageRank,
    low: interquartileMean?.low ?? null,
    high: interquartileMean?.high ?? null,
    n: overall.dataSets.length,
  }));
  const scale = intervalScale(means, "linear");
  const text = hasScores
    ? {
        title: "interquartile mean with 95 % interval",
        xTitle: "score (1: the best result on a data set, 0: the worst)",
      }
    : { title: "average rank", xTitle: "average rank (1 is the best)" };
  const figures = columnsOf(shown, { "average rank": ({ averageRank }: OverallModel) => numberLabel(averageRank) });
  const standings = {
    ...text,
    means,
    scale,
    figures,
    pairs: pairsOf(
      overall.pairs.map(({ wilcoxonPCorrected, ...pair }) => ({ ...pair, p: wilcoxonPCorrected })),
      shown,
    ),
  };
  return {
    title: `${upperFirst(report.criterion.title)} over ${count}`,
    note: joinNotes([`n = ${count}`, ...commonNotes(report)]),
    panels: [
      (measure) => standingsPanel(standings, measure),
      ...(overall.models.length > 2 ? [(measure: MeasureText) => rankPanel(overall, measure)] : []),
    ],
    words: [
      friedmanText(overall),
      overall.groups.length > 0 ? barsNote : "",
      drawnNote(shown, overall.models),
      cutWords(means, scale),
      ...texts.overall,
      ...texts.common,
    ],
  };
}

function friedmanText({ friedman }: OverallReport): string {
  if (friedman === null) return "";
  const differ = friedman.p < 0.05 ? "the models differ" : "no difference between the models is shown";
  const p = friedman.p === 0 ? "below 1e−300" : numberLabel(friedman.p);
  return `Friedman’s test: ${differ} (F ${numberLabel(friedman.f)}, p ${p}).`;
}

function drawnNote(shown: readonly unknown[], all: readonly unknown[]): string {
  return all.length > shown.length ? `The best ${shown.length} of ${countText(all.length, "model")} are drawn.` : "";
}

function cutWords(means: readonly RowMean[], { domain }: AxisScale): string {
  const note = cutNote(means.map((mean) => boundsWithin(mean, domain)));
  return note === "" ? "" : `${upperFirst(note)}.`;
}

/** @param wanted of the scale that shows intervals; without any it is linear */
function intervalScale(means: readonly RowMean[], wanted?: "linear"): AxisScale {
  const hasIntervals = means.some(({ low }) => low !== null);
  if (hasIntervals) return meanScale(means, wanted);
  return scaleOf(
    means.map(({ mean }) => mean),
    "linear",
  );
}

function figureColumns(models: readonly ModelStanding[]): Columns {
  return columnsOf(models, {
    mean: ({ mean }: ModelStanding) => numberLabel(mean),
    n: ({ n }: ModelStanding) => String(n),
    ...(models.some(({ failed }) => failed > 0) && { failed: ({ failed }: ModelStanding) => String(failed) }),
    ...(models.some(({ diverged }) => diverged > 0) && { diverged: ({ diverged }: ModelStanding) => String(diverged) }),
  });
}

interface NamedPair extends Pick<PairVerdict, "verdict" | "verdictWhenTrained" | "p"> {
  readonly a: string;
  readonly b: string;
}

/** Between models that are drawn. */
function pairsOf(pairs: readonly NamedPair[], shown: readonly { readonly model: string }[]): readonly PairVerdict[] {
  const place = new Map(shown.map(({ model }, index) => [model, index]));
  return pairs.flatMap(({ a, b, verdict, verdictWhenTrained, p }) => {
    const [one, other] = [place.get(a), place.get(b)];
    return one === undefined || other === undefined ? [] : [{ a: one, b: other, verdict, verdictWhenTrained, p }];
  });
}

function withoutResult(models: readonly ModelStanding[]): readonly string[] {
  const names = models.filter(({ mean }) => mean === null).map(({ model }) => model);
  return names.length === 0 ? [] : [`Without any result: ${names.join(", ")}.`];
}
