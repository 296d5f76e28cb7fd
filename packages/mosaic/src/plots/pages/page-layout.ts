/** How charts are laid out on pages. */
import type { Chart, Room } from "../charts/chart.ts";
import { headingChart, headingHeight } from "../charts/heading-chart.ts";
import { textSize } from "../marks/style.ts";
import type { MeasureText } from "../text/fit-text.ts";
import type { Page, PlacedChart } from "./page.ts";

/** A4, the long side across. */
export const sheet = { width: 842, height: 595, margin: 24, gap: 14 } as const;

/** A figure of a paper's full width. */
const figure = { width: 504, height: 324, margin: 6 } as const;

/** What charts leave free beside their text. */
const textMargin = 12;

/** Charts are laid out at widths in between, so that their text stays in proportion: many on a page get small text. */
const layoutWidth = { least: 330, most: 560 } as const;

export function figureRoom(measure: MeasureText): Room {
  return { width: figure.width - 2 * figure.margin - textMargin, measure };
}

/**
 * One chart alone.
 *
 * @param height of all but the notes under its title; the page has a common height where it is left out
 */
export function figurePage(chart: Chart, height?: number): Page {
  const { width, margin } = figure;
  const notes = textSize.lineHeight * (chart.title?.subtitle?.length ?? 0);
  const full = height === undefined ? figure.height : height + notes;
  const placed = { chart, x: margin, y: margin, width: width - 2 * margin, height: full - 2 * margin };
  return { width, height: full, charts: [placed] };
}

export interface Grid {
  readonly columns: number;
  readonly rows: number;
}

/** More charts on a page would be too small to read. */
const mostOnPage = 16;

/** So many charts on as few pages as will do, as equally as can be. */
export function pagesOf<T>(charts: readonly T[]): readonly (readonly T[])[] {
  return chunksOf(charts, Math.ceil(charts.length / Math.ceil(charts.length / mostOnPage)));
}

/** A place for each of so many charts, whatever their number. */
export function gridFor(count: number): Grid {
  const columns = Math.ceil(Math.sqrt(count));
  return { columns, rows: Math.ceil(count / columns) };
}

export function chunksOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/** What a page of charts is headed with. */
interface Heading {
  readonly title: string;
  readonly note: string;
}

/**
 * Charts in rows, from the top left on.
 *
 * @param draw makes a chart for the room that it gets, and for so many points of paper across
 */
export function gridPage(
  charts: readonly ((room: Room, width: number) => Chart)[],
  grid: Grid,
  measure: MeasureText,
  heading?: Heading,
): Page {
  const { margin, gap } = sheet;
  const inside = { width: sheet.width - 2 * margin, height: sheet.height - 2 * margin };
  const top = heading === undefined ? 0 : headingHeight;
  const width = (inside.width - (grid.columns - 1) * gap) / grid.columns;
  const height = (inside.height - top - (grid.rows - 1) * gap) / grid.rows;
  const scale = width / Math.min(layoutWidth.most, Math.max(layoutWidth.least, width));
  const placed = charts.map(
    (draw, index): PlacedChart => ({
      chart: draw({ width: width / scale, measure }, width),
      x: margin + (index % grid.columns) * (width + gap),
      y: margin + top + Math.floor(index / grid.columns) * (height + gap),
      width,
      height,
      scale,
    }),
  );
  return {
    width: sheet.width,
    height: sheet.height,
    charts: heading === undefined ? placed : [headingOf(heading, measure, headingHeight - gap / 2), ...placed],
  };
}

/** The heading over a sheet, from margin to margin. */
export function headingOf({ title, note }: Heading, measure: MeasureText, height = headingHeight): PlacedChart {
  const { margin } = sheet;
  const width = sheet.width - 2 * margin;
  const chart = headingChart(title, note, { width: width - textMargin, measure });
  return { chart, x: margin, y: margin, width, height };
}
