// `mosaic compare --plot`: the ranking, the verdicts and what has to be said about them, on one page.
import type { DataReport, ModelStanding } from "../../compare/data-report.ts";
import type { OverallModel, OverallReport } from "../../compare/overall-report.ts";
import type { CompareReport } from "../../compare/report.ts";
import { ropeText } from "../../compare/rope.ts";
import { rankDirection } from "../../figures/figure.ts";
import { axisTitle } from "../../figures/figure-text.ts";
import { headingChart, headingHeight } from "../charts/heading-chart.ts";
import { messageChart } from "../charts/message-chart.ts";
import { profileChart } from "../charts/profile-chart.ts";
import { rankDiagram, rankDiagramHeight } from "../charts/rank-diagram.ts";
import {
  meanRows,
  nameWidth,
  type RowLayout,
  type RowMean,
  rowInset,
  rowLayout,
  rowsHeight,
  textRows,
} from "../charts/standing-rows.ts";
import { textBlock } from "../charts/text-chart.ts";
import { type PairVerdict, verdictRows, verdictWidth } from "../charts/verdict-rows.ts";
import { compareTable } from "../runs/compare-table.ts";
import { joinNotes } from "../runs/series.ts";
import { counted, numberLabel } from "../text/number-label.ts";
import type { Page, PlacedChart, Plots } from "./page.ts";

/** What has to be said in words, as on the terminal. */
export interface CompareTexts {
  /** A line for each pair with the best model. */
  readonly verdicts: (data: DataReport) => readonly string[];
  readonly notes: (data: DataReport) => readonly string[];
  readonly overall: readonly string[];
  /** About all of it. */
  readonly common: readonly string[];
}

const width = 842;
const margin = 24;
const inner = width - 2 * margin;
const gap = 14;
const columnWidth = 62;
/** More are named, not drawn. */
const mostRows = 40;
const pairingNote =
  "Each interval is of one mean by itself. The verdicts compare repetition by repetition, so that intervals which overlap do not contradict them.";
/** Of few models each pair gets its line of words. */
const mostInWords = 6;

/**
 * A page for a single data set; for several one page over all of them, and one for each where `all` is asked for or
 * nothing can be said over all.
 */
export function comparePlots(report: CompareReport, texts: CompareTexts, all: boolean): Plots {
  const { dataSets, overall } = report;
  const single = overall === null || all ? dataSets : [];
  const drawn = [
    ...(overall === null ? [] : [() => overallPage(report, overall, texts)]),
    ...single.map((data) => () => dataPage(report, data, texts)),
  ];
  return {
    title: `Comparison by ${report.criterion.title}`,
    pageCount: drawn.length,
    pages: () => drawn.map((draw) => draw()),
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

function dataPage(report: CompareReport, data: DataReport, texts: CompareTexts): Page {
  const models = data.models.filter(({ mean }) => mean !== null);
  const shown = models.slice(0, mostRows);
  const title = `${upperFirst(report.criterion.title)} on ${data.data || "no data module"}`;
  const ns = models.map(({ n }) => n);
  const [least, most] = [Math.min(...ns), Math.max(...ns)];
  const folds = data.folds > 0 ? `${data.folds}-fold cross-validation` : "";
  const unit = data.folds > 0 ? "results" : "repetitions";
  const note = joinNotes([least === most ? `n = ${most} ${most === 1 ? unit.slice(0, -1) : unit}` : `n = ${least} to ${most} ${unit}`, folds, ...commonNotes(report)]); // biome-ignore format: one thought
  const lines = [
    ...(models.length > 1 && models.length <= mostInWords ? texts.verdicts(data) : []),
    ...withoutResult(data.models),
    models.length > shown.length ? `The best ${shown.length} of ${counted(models.length, "model")} are drawn.` : "",
    data.pairs.some(({ chances }) => chances?.basis === "t") ? pairingNote : "",
    ...texts.notes(data),
    ...texts.common,
  ];
  if (shown.length === 0) return stack(title, joinNotes(commonNotes(report)), [message("No model has a result here.")], lines); // biome-ignore format: one thought
  const ranks = shown.map((_, index) => `${index + 1}.`);
  const layout = rowLayout(
    shown.map(({ model }) => model),
    ranks,
  );
  const means = shown.map(({ mean, interval, n, model }, index) => ({
    row: String(index),
    model,
    mean: mean ?? Number.NaN,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
    n,
  }));
  const figures = figureColumns(shown);
  const interval = shown.some((model) => model.interval !== null) ? "mean with 95 % interval" : "mean";
  const text = { title: interval, xTitle: axisTitle(report.criterion) };
  const place = new Map(shown.map(({ model }, index) => [model, index]));
  return stack(title, note, [rowPanels(layout, means, text, figures, pairsOf(data.pairs, place), ranks)], lines);
}

function overallPage(report: CompareReport, overall: OverallReport, texts: CompareTexts): Page {
  const shown = overall.models.slice(0, mostRows);
  const count = counted(overall.dataSets.length, "data set");
  const title = `${upperFirst(report.criterion.title)} over ${count}`;
  const ranks = shown.map((_, index) => `${index + 1}.`);
  const layout = rowLayout(
    shown.map(({ model }) => model),
    ranks,
  );
  const scored = shown.filter((model): model is ScoredModel => model.interquartileMean !== null);
  const hasScores = scored.length === shown.length;
  const means = shown.map(({ model, averageRank, interquartileMean }, index) => ({
    row: String(index),
    model,
    mean: interquartileMean?.mean ?? averageRank,
    low: interquartileMean?.low ?? null,
    high: interquartileMean?.high ?? null,
    n: overall.dataSets.length,
  }));
  const text = hasScores
    ? { title: "interquartile mean with 95 % interval", xTitle: "score (1: the best mean on a data set, 0: the worst)" }
    : { title: "average rank", xTitle: "average rank (1 is the best)" };
  const figures = columnsOf(shown.length, { "average rank": (index) => numberLabel(shown[index]?.averageRank) });
  const place = new Map(shown.map(({ model }, index) => [model, index]));
  const panels = [rowPanels(layout, means, text, figures, pairsOf(overall.pairs, place), ranks)];
  if (overall.criticalDifference !== null) panels.push(lowerPanels(overall, overall.criticalDifference));
  const { friedman } = overall;
  const differ = friedman === null ? "" : `Friedman’s test: ${friedman.p < 0.05 ? "the models differ" : "no difference between the models is shown"} (F ${numberLabel(friedman.f)}, p ${friedman.p === 0 ? "below 1e−300" : numberLabel(friedman.p)}).`; // biome-ignore format: one thought
  const lines = [
    differ,
    overall.groups.length > 0 ? "Bars join models whose average ranks are closer than Nemenyi’s critical difference: they are not told apart." : "", // biome-ignore format: one thought
    overall.models.length > shown.length ? `The best ${shown.length} of ${counted(overall.models.length, "model")} are drawn.` : "", // biome-ignore format: one thought
    ...texts.overall,
    ...texts.common,
  ];
  return stack(title, joinNotes([`n = ${count}`, ...commonNotes(report)]), panels, lines);
}

type ScoredModel = OverallModel & { readonly interquartileMean: NonNullable<OverallModel["interquartileMean"]> };

interface Panel {
  readonly height: number;
  /** Placed from the panel's top left corner. */
  readonly charts: readonly PlacedChart[];
}

function message(text: string): Panel {
  const chart = messageChart({ text: "", subtitle: [] }, text);
  return { height: 80, charts: [{ chart, x: 0, y: 0, width: inner, height: 80, scale: 1 }] };
}

interface Columns {
  readonly names: readonly string[];
  readonly cells: readonly { readonly row: string; readonly column: string; readonly text: string }[];
}

function columnsOf(count: number, columns: Readonly<Record<string, (index: number) => string>>): Columns {
  const cells = Object.entries(columns).flatMap(([column, text]) =>
    Array.from({ length: count }, (_, index) => ({ row: String(index), column, text: text(index) })),
  );
  return { names: Object.keys(columns), cells };
}

function figureColumns(models: readonly ModelStanding[]): Columns {
  const has = (count: (model: ModelStanding) => number) => models.some((model) => count(model) > 0);
  return columnsOf(models.length, {
    mean: (index) => numberLabel(models[index]?.mean),
    n: (index) => String(models[index]?.n),
    ...(has(({ failed }) => failed) ? { failed: (index) => String(models[index]?.failed) } : {}),
    ...(has(({ diverged }) => diverged) ? { diverged: (index) => String(models[index]?.diverged) } : {}),
  });
}

/** The names with their means, the figures, and the verdicts, side by side in the same rows. */
function rowPanels(
  layout: RowLayout,
  means: readonly RowMean[],
  text: { readonly title: string; readonly xTitle: string },
  figures: Columns,
  pairs: readonly PairVerdict[],
  ranks: readonly string[],
): Panel {
  const height = rowsHeight(layout);
  const left = nameWidth(layout);
  const figuresWidth = figures.names.length * columnWidth;
  const cellsWidth = pairs.length === 0 ? 0 : verdictWidth(layout, pairs) + gap;
  // The legend below the cells needs its room, however few they are.
  const verdictsWidth = pairs.length === 0 ? 0 : Math.max(cellsWidth, 250);
  const meansWidth = inner - figuresWidth - verdictsWidth;
  const charts: PlacedChart[] = [
    { chart: meanRows(layout, means, text), x: 0, y: 0, width: meansWidth, height, scale: 1, inset: rowInset(left, 8) },
    {
      chart: textRows(layout, figures.names, figures.cells),
      x: meansWidth,
      y: 0,
      width: figuresWidth,
      height,
      scale: 1,
      inset: rowInset(0, 0),
    },
  ];
  if (pairs.length > 0)
    charts.push({
      chart: verdictRows(layout, pairs, ranks),
      x: meansWidth + figuresWidth,
      y: 0,
      width: verdictsWidth,
      height,
      scale: 1,
      inset: rowInset(gap, verdictsWidth - cellsWidth),
    });
  return { height, charts };
}

/** The critical-difference diagram and, where there are scores, the performance profiles. */
function lowerPanels({ models, groups, profileThresholds }: OverallReport, criticalDifference: number): Panel {
  const profiles = models.flatMap(({ model, averageRank, profile }) =>
    profile === null ? [] : [{ model, averageRank, profile }],
  );
  const diagram = { models, groups, criticalDifference };
  const height = Math.max(profiles.length > 0 ? 170 : 0, rankDiagramHeight(diagram));
  const diagramWidth = profiles.length > 0 ? inner * 0.54 : inner;
  const inset = { left: 0, right: 4, top: 0, bottom: 0 };
  const charts: PlacedChart[] = [
    { chart: rankDiagram(diagram, { width: diagramWidth - 4, height }), x: 0, y: 0, width: diagramWidth, height, scale: 1, inset }, // biome-ignore format: one thought
  ];
  if (profiles.length > 0)
    charts.push({ chart: profileChart(profiles, profileThresholds), x: diagramWidth + gap, y: 0, width: inner - diagramWidth - gap, height: Math.min(height, 220), scale: 1 }); // biome-ignore format: one thought
  return { height, charts };
}

/** Panels below each other, under a heading and over the notes; the page is as high as that takes. */
function stack(title: string, note: string, panels: readonly Panel[], notes: readonly string[]): Page {
  const charts: PlacedChart[] = [
    { chart: headingChart(title, note, inner), x: margin, y: margin, width: inner, height: headingHeight, scale: 1 },
  ];
  let y = margin + headingHeight - 6;
  for (const panel of panels) {
    charts.push(...panel.charts.map((placed) => ({ ...placed, x: placed.x + margin, y: placed.y + y })));
    y += panel.height + gap;
  }
  const words = textBlock(
    notes.filter((text) => text !== ""),
    inner - 8,
  );
  if (words.height > 0) {
    const inset = { left: 4, top: 0, right: 0, bottom: 0 };
    charts.push({ chart: words.chart, x: margin, y, width: inner, height: words.height, scale: 1, inset });
  }
  return { width, height: Math.ceil(y + words.height + margin), charts };
}

interface NamedPair extends Pick<PairVerdict, "verdict" | "chances"> {
  readonly a: string;
  readonly b: string;
}

function pairsOf(pairs: readonly NamedPair[], place: ReadonlyMap<string, number>): readonly PairVerdict[] {
  return pairs.flatMap(({ a, b, verdict, chances }) => {
    const [one, other] = [place.get(a), place.get(b)];
    return one === undefined || other === undefined ? [] : [{ a: one, b: other, verdict, chances }];
  });
}

function withoutResult(models: readonly ModelStanding[]): readonly string[] {
  const names = models.filter(({ mean }) => mean === null).map(({ model }) => model);
  return names.length === 0 ? [] : [`Without any result: ${names.join(", ")}.`];
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
