/** Average ranks on a line, as in the diagrams of Demšar (2006), with bars over those that no verdict tells apart. */
import { bareAxis } from "../marks/axes.ts";
import { labels, rules } from "../marks/marks.ts";
import { faintInk, ink, textSize } from "../marks/style.ts";
import { fontOf, type MeasureText, shortenMiddle } from "../text/fit-text.ts";
import type { Chart } from "./chart.ts";
import { panelTitle } from "./standing-rows.ts";

export interface RankDiagram {
  /** By average rank, the best first. */
  readonly models: readonly { readonly model: string; readonly averageRank: number }[];
  /** Models that are not told apart. */
  readonly groups: readonly (readonly string[])[];
}

const top = 22;
const barStep = 6;
const labelStep = 11.5;
const longestName = 34;
const fontSize = textSize.label - 0.5;
const firstLevelOf = ({ groups }: RankDiagram) => top + groups.length * barStep + 10;

export function rankDiagramHeight(diagram: RankDiagram): number {
  return firstLevelOf(diagram) + Math.ceil(diagram.models.length / 2) * labelStep + 8;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** @param size of the plot alone, in points */
export function rankDiagram(diagram: RankDiagram, size: Size, measure: MeasureText): Chart {
  const { models } = diagram;
  const most = models.length;
  const names = models.map(({ model }) => shortenMiddle(model, longestName));
  const width = Math.max(...names.map((name) => measure(name, fontOf(fontSize)))) + 10;
  // Ranks a point: the names take their room on both sides of the line.
  const rankWidth = (most - 1) / Math.max(60, size.width - 2 * width);
  const rows = labelRows(diagram, names, rankWidth);
  const bars = barRows(diagram, 2 * rankWidth);
  const marked = tickRanks(most).map((rank) => ({ rank, level: top, end: top - 4 }));
  const thin = { strokeWidth: 0.75, color: faintInk };
  const nameLabels = (side: "left" | "right") =>
    labels(
      rows.filter(({ isLeft }) => isLeft === (side === "left")),
      "name",
      { x: "edge" },
      side === "left" ? { fontSize, align: "right", dx: -2 } : { fontSize, align: "left", dx: 2 },
    );
  return {
    title: panelTitle(""),
    encoding: {
      x: { field: "averageRank", ...bareAxis(1 - width * rankWidth, most + width * rankWidth) },
      y: { field: "level", ...bareAxis(0, size.height, { reverse: true }) },
    },
    layer: [
      rules([{ from: 1, to: most, level: top }], { x: "from", x2: "to" }, { color: ink }),
      rules(marked, { x: "rank", y2: "end" }, thin),
      labels(marked, "rank", { x: "rank" }, { dy: -9, fontSize }),
      rules(rows, { y: "top", y2: "level" }, thin),
      rules(rows, { x2: "edge" }, thin),
      nameLabels("left"),
      nameLabels("right"),
      rules(bars, { x: "from", x2: "to" }, { strokeWidth: 3, strokeCap: "round", color: ink }),
    ],
  };
}

/** The better half's names are on the left, the others on the right, the outermost ranks lowest. */
function labelRows(diagram: RankDiagram, names: readonly string[], rankWidth: number) {
  const most = diagram.models.length;
  return diagram.models.map(({ model, averageRank }, index) => {
    const isLeft = index < Math.ceil(most / 2);
    const level = firstLevelOf(diagram) + (isLeft ? index : most - 1 - index) * labelStep;
    const edge = isLeft ? 1 - 4 * rankWidth : most + 4 * rankWidth;
    return { model, name: names[index], averageRank, top, level, edge, isLeft };
  });
}

function barRows({ models, groups }: RankDiagram, reach: number) {
  const ranks = new Map(models.map(({ model, averageRank }) => [model, averageRank]));
  return groups.map((group, index) => {
    const held = group.map((model) => ranks.get(model) ?? 1);
    const [first, last] = [Math.min(...held), Math.max(...held)];
    return { from: first - reach, to: last + reach, first, last, level: top + 7 + index * barStep };
  });
}

function tickRanks(most: number): readonly number[] {
  const step = Math.ceil(most / 16);
  const ranks = Array.from({ length: most }, (_, index) => index + 1);
  return ranks.filter((rank) => (rank - 1) % step === 0 || rank === most);
}
