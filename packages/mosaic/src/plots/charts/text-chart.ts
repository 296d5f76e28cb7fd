import { bareAxis } from "../marks/axes.ts";
import { labels } from "../marks/marks.ts";
import { textSize } from "../marks/style.ts";
import { wrapText } from "../text/fit-text.ts";
import type { Chart, Room } from "./chart.ts";

const paragraphGap = 3;
/** Of one paragraph. */
const mostLines = 6;

interface TextBlock {
  readonly chart: Chart;
  readonly height: number;
}

/** Paragraphs of text, broken to the width. */
export function textBlock(paragraphs: readonly string[], room: Room): TextBlock {
  const lines: { readonly text: string; readonly y: number }[] = [];
  let height = 0;
  for (const paragraph of paragraphs.flatMap((text) => text.split("\n"))) {
    for (const text of wrapText(paragraph, room, textSize.subtitle, mostLines)) {
      lines.push({ text, y: height });
      height += textSize.lineHeight;
    }
    height += paragraphGap;
  }
  const y = { field: "y", ...bareAxis(0, height, { reverse: true }) };
  const look = { align: "left", baseline: "top", fontSize: textSize.subtitle } as const;
  return { height, chart: { layer: [labels(lines, "text", { x: { value: 0 }, y }, look)] } };
}
