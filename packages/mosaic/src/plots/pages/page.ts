// What is drawn: charts, each a declarative specification that a web page could show as well, and the pages they lie on.
import type { TopLevelSpec } from "vega-lite";
import type { TableColumn, TableValue } from "../../export/table.ts";

/** A Vega-Lite specification with its data in it, without a size: the page gives it. */
export type Chart = TopLevelSpec;

export interface PlacedChart {
  readonly chart: Chart;
  /** Place on the page, in points (1/72 inch) from its top left corner. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** The chart is laid out at `width / scale` and then enlarged, its text with it. */
  readonly scale: number;
  /** Room around the plot for axes and titles, so that plots side by side line up; without it they take what they need. */
  readonly inset?: Inset;
}

export interface Inset {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Page {
  readonly width: number;
  readonly height: number;
  readonly charts: readonly PlacedChart[];
}

/** The values behind the pictures, all of them and as stored. */
export interface PlotTable {
  readonly columns: readonly TableColumn[];
  rows(): AsyncIterable<readonly TableValue[]> | Iterable<readonly TableValue[]>;
}

/** What a plot command makes; read once, a page or a row at a time. */
export interface Plots {
  /** For the PDF's properties. */
  readonly title: string;
  readonly pageCount: number;
  pages(): AsyncIterable<Page> | Iterable<Page>;
  readonly table: PlotTable;
}
