// How charts are laid out on pages.
import type { Chart, Page, PlacedChart } from "./page.ts";

/** A4, the long side across. */
const sheet = { width: 842, height: 595, margin: 24, gap: 14 } as const;

/** A figure of a paper's full width. */
const figure = { width: 504, height: 324, margin: 6 } as const;

/** What a line of text may take on a figure of its own. */
export const figureTextWidth = figure.width - 2 * figure.margin - 12;

/** The same on a page of charts. */
export const sheetTextWidth = sheet.width - 2 * sheet.margin - 12;

/** Charts are laid out at widths in between, so that their text stays in proportion: many on a page get small text. */
const layoutWidth = { least: 330, most: 560 } as const;

/** One chart alone. */
export function figurePage(chart: Chart, height: number = figure.height): Page {
  const { width, margin } = figure;
  const placed = { chart, x: margin, y: margin, width: width - 2 * margin, height: height - 2 * margin, scale: 1 };
  return { width, height, charts: [placed] };
}

export interface Cell {
  readonly width: number;
  readonly height: number;
  readonly scale: number;
}

/** A place of a page that has `columns` places across and `rows` down, under a heading of `headingHeight`. */
export function gridCell(columns: number, rows: number, headingHeight = 0): Cell {
  const inside = (length: number, count: number) => (length - 2 * sheet.margin - (count - 1) * sheet.gap) / count;
  const width = inside(sheet.width, columns);
  const scale = width / Math.min(layoutWidth.most, Math.max(layoutWidth.least, width));
  return { width, height: inside(sheet.height - headingHeight, rows), scale };
}

/** Charts in rows, from the top left on. */
export function gridPage(
  charts: readonly Chart[],
  columns: number,
  rows: number,
  heading?: { readonly chart: Chart; readonly height: number },
): Page {
  const { margin, gap, width, height } = sheet;
  const headingHeight = heading?.height ?? 0;
  const cell = gridCell(columns, rows, headingHeight);
  const placed = charts.map(
    (chart, index): PlacedChart => ({
      chart,
      x: margin + (index % columns) * (cell.width + gap),
      y: margin + headingHeight + Math.floor(index / columns) * (cell.height + gap),
      ...cell,
    }),
  );
  if (heading !== undefined) {
    const place = { x: margin, y: margin, width: width - 2 * margin, height: heading.height - gap / 2, scale: 1 };
    placed.unshift({ chart: heading.chart, ...place });
  }
  return { width, height, charts: placed };
}
