/** Pages that charts lie on, and what a plot command makes. */

import type { TableColumn, TableValue } from "../../export/table.ts";
import type { Chart } from "../charts/chart.ts";
import type { MeasureText } from "../text/fit-text.ts";

export interface PlacedChart {
  readonly chart: Chart;
  /** Place on the page, in points (1/72 inch) from its top left corner. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** The chart is laid out at `width / scale` and then enlarged, its text with it; 1 where it is left out. */
  readonly scale?: number;
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
  /** For the PDF's properties, and for the message that it is written. */
  readonly title: string;
  readonly pageCount: number;
  pages(measure: MeasureText): AsyncIterable<Page> | Iterable<Page>;
  readonly table: PlotTable;
}
