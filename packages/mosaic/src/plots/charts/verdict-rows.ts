/** Who beats whom: a cell for each pair of models, the row against the column. */
import type { Verdict } from "@ml-mosaic/statistics";
import { textLabels } from "../marks/axes.ts";
import { labels, rectangles } from "../marks/marks.ts";
import { ink, palette } from "../marks/style.ts";
import type { Chart } from "./chart.ts";
import { columnChannel, panelTitle, type RowLayout, rowChannel } from "./standing-rows.ts";

export interface PairVerdict {
  /** Places of both models among the rows. */
  readonly a: number;
  readonly b: number;
  /** About a. */
  readonly verdict: Verdict;
  /** What the verdict would be if failed trainings did not count, where some failed. */
  readonly verdictWhenTrained?: Verdict | undefined;
  /** Of no difference, corrected. */
  readonly p: number | undefined;
}

interface Look {
  readonly name: string;
  readonly symbol: string;
  readonly fill: string;
  readonly ink: string;
}

const looks: Readonly<Record<Verdict, Look>> = {
  better: { name: "better (+)", symbol: "+", fill: palette[0], ink: "#ffffff" },
  worse: { name: "worse (−)", symbol: "−", fill: palette[1], ink: "#ffffff" },
  equivalent: { name: "practically the same (=)", symbol: "=", fill: "#7fcdb5", ink },
  undecided: { name: "undecided", symbol: "", fill: "#e8e8e8", ink },
  unknown: { name: "no uncertainty available (?)", symbol: "?", fill: "#f1f1f1", ink },
};

const opposite: Readonly<Record<Verdict, Verdict>> = {
  better: "worse",
  worse: "better",
  equivalent: "equivalent",
  undecided: "undecided",
  unknown: "unknown",
};

/** Up to so many columns a cell has room for a number. */
const mostNumbered = 9;
const cellWidths = { least: 10.5, most: 46 } as const;
const wantedWidth = 340;

/** Every model as a column; only the best one where only its pairs are known. */
function columnCount({ rows }: RowLayout, pairs: readonly PairVerdict[]): number {
  return rows.length > 2 && pairs.every(({ a, b }) => Math.min(a, b) === 0) ? 1 : rows.length;
}

export function verdictWidth(layout: RowLayout, pairs: readonly PairVerdict[]): number {
  const columns = columnCount(layout, pairs);
  return columns * Math.min(cellWidths.most, Math.max(cellWidths.least, wantedWidth / columns));
}

export function verdictRows(layout: RowLayout, pairs: readonly PairVerdict[]): Chart {
  const columns = columnCount(layout, pairs);
  const isNumbered = columns <= mostNumbered;
  const cells = pairs
    .flatMap((pair) => [pair, mirrored(pair)])
    .filter(({ b }) => b < columns)
    .map((pair) => cellOf(pair, isNumbered));
  const present = Object.values(looks).filter(({ name }) => cells.some(({ verdict }) => verdict === name));
  const places = layout.rows.slice(0, columns).map(({ id }) => id);
  const names = textLabels(places.map((_, index) => String(index + 1)));
  const whom = columns === 1 ? "against the first" : "row against column";
  const scale = { domain: present.map(({ name }) => name), range: present.map(({ fill }) => fill) };
  const color = { field: "verdict", type: "nominal", title: null, scale, legend } as const;
  const inkChannel = { field: "ink", type: "nominal", scale: null } as const;
  return {
    title: panelTitle(`${whom}${isNumbered ? ": p, corrected" : ""}`),
    encoding: {
      x: columnChannel(places, { labelExpr: names, labelFontSize: layout.fontSize }),
      y: rowChannel(layout),
    },
    layer: [
      rectangles(cells, { color }, { stroke: "white", strokeWidth: 1 }),
      labels(cells, "text", { color: inkChannel }, { fontSize: Math.min(layout.fontSize, isNumbered ? 9.5 : 12) }),
    ],
  };
}

const legend = {
  orient: "bottom",
  direction: "horizontal",
  columns: 3,
  symbolType: "square",
  offset: 6,
  labelLimit: 200,
} as const;

function cellOf({ a, b, verdict, verdictWhenTrained, p }: PairVerdict, isNumbered: boolean) {
  const { name, symbol, ink } = looks[verdict];
  // What holds only without failures, in brackets.
  const trained =
    verdictWhenTrained === undefined || verdictWhenTrained === verdict ? "" : looks[verdictWhenTrained].symbol;
  const signs = [symbol, trained === "" ? "" : `(${trained})`];
  const text = [...signs, isNumbered ? doubtLabel(p) : ""].filter((part) => part !== "").join(" ");
  return { row: String(a), column: String(b), verdict: name, p: p ?? null, ink, text };
}

function mirrored({ a, b, verdict, verdictWhenTrained, p }: PairVerdict): PairVerdict {
  const trained = verdictWhenTrained && opposite[verdictWhenTrained];
  return { a: b, b: a, verdict: opposite[verdict], verdictWhenTrained: trained, p };
}

/** Never 0: no doubt is left out. */
function doubtLabel(p: number | undefined): string {
  if (p === undefined) return "";
  if (p < 0.001) return "<.001";
  return p > 0.995 ? "1" : p.toFixed(p < 0.1 ? 3 : 2).replace(/^0/, "");
}
