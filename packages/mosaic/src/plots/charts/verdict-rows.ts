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
  readonly chances: { readonly better: number; readonly equivalent: number; readonly worse: number } | undefined;
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
    title: panelTitle(`${whom}${isNumbered ? ": how sure, in %" : ""}`),
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

function cellOf({ a, b, verdict, chances }: PairVerdict, isNumbered: boolean) {
  const { name, symbol, ink } = looks[verdict];
  const text = [symbol, isNumbered ? chanceLabel(verdict, chances) : ""].filter((part) => part !== "").join(" ");
  const { better = null, equivalent = null, worse = null } = chances ?? {};
  return { row: String(a), column: String(b), verdict: name, better, equivalent, worse, ink, text };
}

function mirrored({ a, b, verdict, chances }: PairVerdict): PairVerdict {
  const swapped = chances && { better: chances.worse, equivalent: chances.equivalent, worse: chances.better };
  return { a: b, b: a, verdict: opposite[verdict], chances: swapped };
}

/** In percent, never certainty: of the verdict; that the row is better where there is none. */
function chanceLabel(verdict: Verdict, chances: PairVerdict["chances"]): string {
  if (chances === undefined) return "";
  const chance = chances[verdict === "undecided" || verdict === "unknown" ? "better" : verdict];
  if (chance > 0.999) return ">99.9";
  return chance > 0 && chance < 0.001 ? "<0.1" : (Math.floor(chance * 1e4) / 100).toFixed(1);
}
