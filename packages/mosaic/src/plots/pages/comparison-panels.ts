/** The parts of a page of comparison: charts side by side that share their rows, diagrams below, words at the end. */
import type { OverallReport } from "../../compare/overall-report.ts";
import { headingHeight } from "../charts/heading-chart.ts";
import { messageChart } from "../charts/message-chart.ts";
import { profileChart } from "../charts/profile-chart.ts";
import { rankDiagram, rankDiagramHeight } from "../charts/rank-diagram.ts";
import {
  meanRows,
  nameWidth,
  type RowMean,
  rowInset,
  rowLayout,
  rowsHeight,
  type TextCell,
  textRows,
} from "../charts/standing-rows.ts";
import { textBlock } from "../charts/text-chart.ts";
import { type PairVerdict, verdictRows, verdictWidth } from "../charts/verdict-rows.ts";
import type { AxisScale } from "../marks/scales.ts";
import type { MeasureText } from "../text/fit-text.ts";
import type { Page, PlacedChart } from "./page.ts";
import { headingOf, sheet } from "./page-layout.ts";

const { margin, gap } = sheet;
const inner = sheet.width - 2 * margin;
const columnWidth = 62;

/** What a page shows, from top to bottom. */
export interface Content {
  readonly title: string;
  readonly note: string;
  readonly panels: readonly ((measure: MeasureText) => Panel)[];
  readonly words: readonly string[];
}

interface Panel {
  readonly height: number;
  /** Placed from the panel's top left corner. */
  readonly charts: readonly PlacedChart[];
}

export function messagePanel(): Panel {
  const chart = messageChart(undefined, "No model has a result here.");
  return { height: 80, charts: [{ chart, x: 0, y: 0, width: inner, height: 80 }] };
}

export interface Columns {
  readonly names: readonly string[];
  readonly cells: readonly TextCell[];
}

export function columnsOf<Model>(
  models: readonly Model[],
  columns: Readonly<Record<string, (model: Model) => string>>,
): Columns {
  const cells = Object.entries(columns).flatMap(([column, text]) =>
    models.map((model, index) => ({ row: String(index), column, text: text(model) })),
  );
  return { names: Object.keys(columns), cells };
}

export interface Standings {
  readonly means: readonly RowMean[];
  readonly scale: AxisScale;
  readonly title: string;
  readonly xTitle: string;
  readonly figures: Columns;
  readonly pairs: readonly PairVerdict[];
}

/** The names with their means, the figures, and the verdicts, side by side in the same rows. */
export function standingsPanel({ means, figures, pairs, ...text }: Standings, measure: MeasureText): Panel {
  const layout = rowLayout(means.map(({ model }) => model));
  const place = { y: 0, height: rowsHeight(layout) };
  const figuresWidth = figures.names.length * columnWidth;
  const cellsWidth = pairs.length === 0 ? 0 : verdictWidth(layout, pairs) + gap;
  // The legend below the cells needs its room, however few they are.
  const verdictsWidth = pairs.length === 0 ? 0 : Math.max(cellsWidth, 250);
  const meansWidth = inner - figuresWidth - verdictsWidth;
  const charts: PlacedChart[] = [
    {
      chart: meanRows(layout, means, text),
      ...place,
      x: 0,
      width: meansWidth,
      inset: rowInset(nameWidth(layout, measure), 8),
    },
    {
      chart: textRows(layout, figures.names, figures.cells),
      ...place,
      x: meansWidth,
      width: figuresWidth,
      inset: rowInset(0, 0),
    },
  ];
  if (pairs.length > 0)
    charts.push({
      chart: verdictRows(layout, pairs),
      ...place,
      x: meansWidth + figuresWidth,
      width: verdictsWidth,
      inset: rowInset(gap, verdictsWidth - cellsWidth),
    });
  return { height: place.height, charts };
}

/** The diagram of ranks and, where there are scores, the performance profiles. */
export function rankPanel(overall: OverallReport, measure: MeasureText): Panel {
  const { models, groups, profileThresholds } = overall;
  const profiles = models.flatMap(({ profile, profileBand, ...model }) =>
    profile === null || profileBand === null ? [] : [{ ...model, profile, profileBand }],
  );
  const diagram = { models, groups };
  const height = Math.max(profiles.length > 0 ? 170 : 0, rankDiagramHeight(diagram));
  const width = profiles.length > 0 ? inner * 0.54 : inner;
  const inset = { left: 0, right: 4, top: 0, bottom: 0 };
  const chart = rankDiagram(diagram, { width: width - inset.right, height }, measure);
  const charts: PlacedChart[] = [{ chart, x: 0, y: 0, width, height, inset }];
  if (profiles.length > 0) {
    const place = { x: width + gap, y: 0, width: inner - width - gap, height: Math.min(height, 220) };
    charts.push({ chart: profileChart(profiles, profileThresholds), ...place });
  }
  return { height, charts };
}

/** Panels below each other, under a heading and over the words; the page is as high as that takes. */
export function pageOf({ title, note, panels, words }: Content, measure: MeasureText): Page {
  const charts = [headingOf({ title, note }, measure)];
  let y = margin + headingHeight - 6;
  for (const panel of panels.map((make) => make(measure))) {
    charts.push(...panel.charts.map((placed) => ({ ...placed, x: placed.x + margin, y: placed.y + y })));
    y += panel.height + gap;
  }
  const { chart, height } = textBlock(
    words.filter((text) => text !== ""),
    { width: inner - 8, measure },
  );
  const inset = { left: 4, top: 0, right: 0, bottom: 0 };
  if (height > 0) charts.push({ chart, x: margin, y, width: inner, height, inset });
  return { width: sheet.width, height: Math.ceil(y + height + margin), charts };
}
