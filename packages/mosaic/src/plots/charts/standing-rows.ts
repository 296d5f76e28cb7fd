/** Charts whose rows are models, one below the other: they lie side by side on a page and share the rows. */
import { largestOf } from "@ml-mosaic/statistics";
import { numberAxis, textLabels } from "../marks/axes.ts";
import { boundsWithin, intervals } from "../marks/intervals.ts";
import { labels, points, rules } from "../marks/marks.ts";
import type { AxisScale } from "../marks/scales.ts";
import { palette, textSize } from "../marks/style.ts";
import { fontOf, type MeasureText, shortenMiddle } from "../text/fit-text.ts";
import type { Chart } from "./chart.ts";

export interface StandingRow {
  /** Tells rows apart: models may have the same shortened name. */
  readonly id: string;
  readonly label: string;
}

/** How rows are laid out: their height, and the room above and below that all their charts leave. */
export interface RowLayout {
  readonly rows: readonly StandingRow[];
  readonly rowHeight: number;
  readonly fontSize: number;
}

const room = { top: 36, bottom: 34 } as const;
const rowHeights = { least: 10.5, most: 26 } as const;
/** Rows share this height as long as they are not too low for their text. */
const wantedHeight = 330;
const longestName = 44;
const widestName = 230;

/** @param names in the order of the rows */
export function rowLayout(names: readonly string[]): RowLayout {
  const rowHeight = Math.min(rowHeights.most, Math.max(rowHeights.least, wantedHeight / names.length));
  return {
    rows: names.map((name, index) => ({
      id: String(index),
      label: `${index + 1}. ${shortenMiddle(name, longestName)}`.trim(),
    })),
    rowHeight,
    fontSize: Math.min(textSize.label, rowHeight * 0.86),
  };
}

export function rowsHeight({ rows, rowHeight }: RowLayout): number {
  return room.top + rows.length * rowHeight + room.bottom;
}

/** For the names before the first chart. */
export function nameWidth({ rows, fontSize }: RowLayout, measure: MeasureText): number {
  const widths = rows.map(({ label }) => measure(label, fontOf(fontSize)));
  return Math.min(widestName, largestOf(widths)) + 8;
}

export function rowInset(left: number, right: number) {
  return { left, right, ...room };
}

/** The vertical axis that all of them share. */
export function rowChannel({ rows }: RowLayout, axis: object | null = null) {
  const domain = rows.map(({ id }) => id);
  return { field: "row", type: "ordinal", title: null, scale: { type: "band", domain, padding: 0 }, axis } as const;
}

/** Columns under their names. */
export function columnChannel(domain: string[], axis: object) {
  const plain = {
    orient: "top",
    labelAngle: 0,
    labelOverlap: false,
    domain: false,
    ticks: false,
    grid: false,
  } as const;
  const scale = { type: "band", domain, padding: 0 } as const;
  return { field: "column", type: "ordinal", title: null, scale, axis: { ...plain, ...axis } } as const;
}

export interface RowMean {
  readonly row: string;
  readonly model: string;
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
}

/** A mean and its interval a row. */
export function meanRows(
  layout: RowLayout,
  means: readonly RowMean[],
  { title, xTitle, scale }: { readonly title: string; readonly xTitle: string; readonly scale: AxisScale },
): Chart {
  const rows = means.map((mean) => ({ ...mean, ...boundsWithin(mean, scale.domain) }));
  const { axis, ...x } = numberAxis(scale, xTitle, { large: scale.domain[1] > 10_000 ? "~s" : ".6~g" });
  const names = {
    labelExpr: textLabels(Object.fromEntries(layout.rows.map(({ id, label }) => [id, label]))),
    labelFontSize: layout.fontSize,
    labelLimit: widestName,
    labelOverlap: false,
    ticks: false,
    domain: false,
    grid: false,
    labelPadding: 6,
  };
  const lineUnder = { x: { value: 0 }, x2: { value: "width" } } as const;
  return {
    // As high as those of the charts beside it, which have an axis on top.
    title: { ...panelTitle(title), offset: 17 },
    encoding: { x: { field: "mean", ...x, axis: { ...axis, labelFlush: true } }, y: rowChannel(layout, names) },
    layer: [
      rules(
        layout.rows.map(({ id }) => ({ row: id })),
        lineUnder,
        { color: "#ededed", strokeWidth: 0.5 },
      ),
      ...intervals(rows, "x", {}, { strokeWidth: 1.5, color: palette[0] }),
      points(rows, {}, { size: 34, color: palette[0] }),
    ],
  };
}

export interface TextCell {
  readonly row: string;
  readonly column: string;
  readonly text: string;
}

/** Columns of text. */
export function textRows(layout: RowLayout, columns: readonly string[], cells: readonly TextCell[]): Chart {
  const rightEdge = { expr: `bandwidth('x') / 2 - 2` };
  const look = { align: "right", fontSize: layout.fontSize, xOffset: rightEdge } as const;
  const x = columnChannel([...columns], { labelAlign: "right", labelOffset: rightEdge });
  return { encoding: { x, y: rowChannel(layout) }, layer: [labels(cells, "text", {}, look)] };
}

export function panelTitle(text: string) {
  return { text, fontSize: textSize.axisTitle, fontWeight: 600, frame: "group", anchor: "start", offset: 4 } as const;
}
