// The critical-difference diagram of Demšar (2006): average ranks on a line, bars over those that are not told apart.

import { fontFamily, textSize } from "../marks/style.ts";
import type { Chart } from "../pages/page.ts";
import { shortenMiddle } from "../text/fit-text.ts";
import { textWidth } from "../write/fonts.ts";
import { panelTitle } from "./standing-rows.ts";

export interface RankDiagram {
  /** By average rank, the best first. */
  readonly models: readonly { readonly model: string; readonly averageRank: number }[];
  readonly criticalDifference: number;
  /** Models that are not told apart. */
  readonly groups: readonly (readonly string[])[];
}

const top = 42;
const barStep = 6;
const labelStep = 11.5;
const longestName = 34;
const fontSize = textSize.label - 0.5;

export function rankDiagramHeight({ models, groups }: RankDiagram): number {
  return top + groups.length * barStep + 10 + Math.ceil(models.length / 2) * labelStep + 8;
}

/** @param size of the plot alone, in points */
export function rankDiagram(diagram: RankDiagram, size: { readonly width: number; readonly height: number }): Chart {
  const { models, criticalDifference, groups } = diagram;
  const most = models.length;
  const names = models.map(({ model }) => shortenMiddle(model, longestName));
  const width = Math.max(...names.map((name) => textWidth(name, `${fontSize}px '${fontFamily}'`))) + 10;
  // Ranks a point: the names take their room on both sides of the line.
  const rankWidth = (most - 1) / Math.max(60, size.width - 2 * width);
  const [left, right] = [1 - width * rankWidth, most + width * rankWidth];
  const firstLevel = top + groups.length * barStep + 10;
  const half = Math.ceil(most / 2);
  const labels = models.map(({ model, averageRank }, index) => {
    const isLeft = index < half;
    const level = firstLevel + (isLeft ? index : most - 1 - index) * labelStep;
    return { model, name: names[index], averageRank, level, edge: isLeft ? 1 - 4 * rankWidth : most + 4 * rankWidth, isLeft }; // biome-ignore format: one thought
  });
  const ranks = new Map(models.map(({ model, averageRank }) => [model, averageRank]));
  const bars = groups.map((group, index) => {
    const held = group.map((model) => ranks.get(model) ?? 1);
    const reach = 2 * rankWidth;
    const [first, last] = [Math.min(...held), Math.max(...held)];
    return { from: first - reach, to: last + reach, first, last, level: top + 7 + index * barStep };
  });
  const acrossDomain: [number, number] = [left, right];
  const downDomain: [number, number] = [0, size.height];
  const x = { type: "quantitative", scale: { domain: acrossDomain, nice: false, zero: false }, axis: null } as const;
  const y = { type: "quantitative", scale: { domain: downDomain, reverse: true, nice: false }, axis: null } as const; // biome-ignore format: one thought
  const ticks = tickRanks(most).map((rank) => ({ rank, level: top, end: top - 4 }));
  const thin = { type: "rule", strokeWidth: 0.75, color: "#4d4d4d" } as const;
  return {
    title: panelTitle(""),
    encoding: { x: { field: "averageRank", ...x }, y: { field: "level", ...y } },
    layer: [
      { data: { values: [{ from: 1, to: most, level: top }] }, mark: { type: "rule", strokeWidth: 1, color: "#1a1a1a" }, encoding: { x: { field: "from", ...x }, x2: { field: "to" } } }, // biome-ignore format: one thought
      { data: { values: ticks }, mark: thin, encoding: { x: { field: "rank", ...x }, y2: { field: "end" } } },
      { data: { values: ticks }, mark: { type: "text", dy: -9, fontSize }, encoding: { x: { field: "rank", ...x }, text: { field: "rank", type: "nominal" } } }, // biome-ignore format: one thought
      { data: { values: labels.map((label) => ({ ...label, top })) }, mark: thin, encoding: { y: { field: "top", ...y }, y2: { field: "level" } } }, // biome-ignore format: one thought
      { data: { values: labels }, mark: thin, encoding: { x2: { field: "edge" } } },
      ...[true, false].map((isLeft) => ({
        data: { values: labels.filter((label) => label.isLeft === isLeft) },
        mark: { type: "text", fontSize, align: isLeft ? "right" : "left", dx: isLeft ? -2 : 2, limit: 0 } as const,
        encoding: { x: { field: "edge", ...x }, text: { field: "name", type: "nominal" } } as const,
      })),
      { data: { values: bars }, mark: { type: "rule", strokeWidth: 3, strokeCap: "round", color: "#1a1a1a" }, encoding: { x: { field: "from", ...x }, x2: { field: "to" } } }, // biome-ignore format: one thought
      {
        data: { values: [{ from: 1, to: Math.min(most, 1 + criticalDifference), criticalDifference, level: 16 }] },
        mark: { type: "rule", strokeWidth: 1.5, color: "#9a3412" },
        encoding: { x: { field: "from", ...x }, x2: { field: "to" } },
      },
      {
        data: { values: [{ at: 1, level: 7, text: criticalText(criticalDifference, most - 1) }] },
        mark: { type: "text", align: "left", fontSize, color: "#9a3412", limit: 0 },
        encoding: { x: { field: "at", ...x }, text: { field: "text", type: "nominal" } },
      },
    ],
  };
}

function criticalText(difference: number, span: number): string {
  const text = `critical difference ${Number(difference.toPrecision(3))}`;
  return difference > span ? `${text}, more than any two ranks can differ` : text;
}

function tickRanks(most: number): readonly number[] {
  const step = Math.ceil(most / 16);
  return Array.from({ length: most }, (_, index) => index + 1).filter(
    (rank) => (rank - 1) % step === 0 || rank === most,
  );
}
