// Charts whose rows are models, one below the other: they lie side by side on a page and share the rows.

import { meanScale } from "../marks/mean-scale.ts";
import { numberAxis, scaleOf } from "../marks/scales.ts";
import { fontFamily, palette, textSize } from "../marks/style.ts";
import type { Chart, Inset } from "../pages/page.ts";
import { shortenMiddle } from "../text/fit-text.ts";
import { textWidth } from "../write/fonts.ts";

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
export function rowLayout(names: readonly string[], ranks: readonly string[]): RowLayout {
  const rowHeight = Math.min(rowHeights.most, Math.max(rowHeights.least, wantedHeight / names.length));
  const label = (name: string, index: number) => `${ranks[index]} ${shortenMiddle(name, longestName)}`.trim();
  return {
    rows: names.map((name, index) => ({ id: String(index), label: label(name, index) })),
    rowHeight,
    fontSize: Math.min(textSize.label, rowHeight * 0.86),
  };
}

export function rowsHeight({ rows, rowHeight }: RowLayout): number {
  return room.top + rows.length * rowHeight + room.bottom;
}

/** For the names before the first chart. */
export function nameWidth({ rows, fontSize }: RowLayout): number {
  const widths = rows.map(({ label }) => textWidth(label, `${fontSize}px '${fontFamily}'`));
  return Math.min(widestName, Math.max(...widths)) + 8;
}

export function rowInset(left: number, right: number): Inset {
  return { left, right, ...room };
}

/** The vertical axis that all of them share. */
export function rowAxis({ rows, fontSize }: RowLayout, isLabelled: boolean) {
  const labels = Object.fromEntries(rows.map(({ id, label }) => [id, label]));
  return {
    field: "row",
    type: "ordinal",
    title: null,
    scale: { type: "band", domain: rows.map(({ id }) => id), padding: 0 },
    axis: isLabelled
      ? {
          labelExpr: `${JSON.stringify(labels)}[datum.value]`,
          labelFontSize: fontSize,
          labelLimit: widestName,
          labelOverlap: false,
          ticks: false,
          domain: false,
          grid: false,
          labelPadding: 6,
        }
      : null,
  } as const;
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
  text: { readonly title: string; readonly xTitle: string },
): Chart {
  const isScore = means.every(({ low }) => low === null);
  const scale = isScore
    ? scaleOf(
        means.map(({ mean }) => mean),
        "linear",
      )
    : meanScale(means);
  const [least, most] = scale.domain;
  const values = means.map((one) => ({
    ...one,
    drawnLow: one.low === null ? null : Math.max(one.low, least),
    drawnHigh: one.high === null ? null : Math.min(one.high, most),
  }));
  const { scale: xScale, axis } = numberAxis(scale, most > 10_000 ? "~s" : ".6~g");
  return {
    // As high as those of the charts beside it, which have an axis on top.
    title: { ...panelTitle(text.title), offset: 17 },
    encoding: {
      x: {
        field: "mean",
        type: "quantitative",
        title: text.xTitle,
        scale: xScale,
        axis: { ...axis, labelFlush: true },
      },
      y: rowAxis(layout, true),
    },
    layer: [
      {
        data: { values: layout.rows.map(({ id }) => ({ row: id })) },
        mark: { type: "rule", color: "#ededed", strokeWidth: 0.5 },
        encoding: { x: { value: 0 }, x2: { value: "width" } },
      },
      {
        data: { values: values.filter(({ low }) => low !== null) },
        mark: { type: "rule", strokeWidth: 1.5, color: palette[0] },
        encoding: { x: { field: "drawnLow", type: "quantitative" }, x2: { field: "drawnHigh" } },
      },
      { data: { values }, mark: { type: "point", filled: true, size: 34, opacity: 1, color: palette[0] } },
    ],
  };
}

/** Columns of text. */
export function textRows(
  layout: RowLayout,
  columns: readonly string[],
  cells: readonly { readonly row: string; readonly column: string; readonly text: string }[],
): Chart {
  return {
    data: { values: [...cells] },
    mark: { type: "text", align: "right", fontSize: layout.fontSize, xOffset: { expr: `bandwidth('x') / 2 - 2` } },
    encoding: {
      x: {
        field: "column",
        type: "ordinal",
        title: null,
        scale: { type: "band", domain: [...columns], padding: 0 },
        axis: { orient: "top", domain: false, ticks: false, labelAngle: 0, labelAlign: "right", labelOffset: { expr: `bandwidth('x') / 2 - 2` }, labelOverlap: false, grid: false }, // biome-ignore format: one thought
      },
      y: rowAxis(layout, false),
      text: { field: "text", type: "nominal" },
    },
  };
}

export function panelTitle(text: string) {
  return { text, fontSize: textSize.axisTitle, fontWeight: 600, frame: "group", anchor: "start", offset: 4 } as const;
}
