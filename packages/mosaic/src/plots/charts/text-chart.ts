import { textSize } from "../marks/style.ts";
import type { Chart } from "../pages/page.ts";
import { wrapText } from "../text/fit-text.ts";

const lineHeight = 12.5;
const paragraphGap = 3;
/** Of one paragraph. */
const mostLines = 6;

interface TextBlock {
  readonly chart: Chart;
  readonly height: number;
}

/** Paragraphs of text, broken to the width. */
export function textBlock(paragraphs: readonly string[], width: number): TextBlock {
  const lines: { readonly text: string; readonly y: number }[] = [];
  let height = 0;
  for (const paragraph of paragraphs.flatMap((text) => text.split("\n"))) {
    for (const text of wrapText(paragraph, width, textSize.subtitle, mostLines)) {
      lines.push({ text, y: height });
      height += lineHeight;
    }
    height += paragraphGap;
  }
  const domain: [number, number] = [0, height];
  return {
    height,
    chart: {
      data: { values: lines },
      mark: { type: "text", align: "left", baseline: "top", fontSize: textSize.subtitle, limit: 0 },
      encoding: {
        x: { value: 0 },
        y: { field: "y", type: "quantitative", scale: { domain, reverse: true, nice: false }, axis: null },
        text: { field: "text", type: "nominal" },
      },
    },
  };
}
