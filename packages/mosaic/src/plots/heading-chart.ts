import type { Chart } from "./chart.ts";
import { wrapText } from "./fit-text.ts";
import { textSize } from "./style.ts";

export const headingHeight = 46;
const size = textSize.title + 3;

/** The heading of a page of charts. */
export function headingChart(text: string, note: string, width: number): Chart {
  return {
    title: {
      text: wrapText(text, width, size, 1, 600),
      fontSize: size,
      subtitle: wrapText(note, width, textSize.subtitle, 1),
    },
    data: { values: [{}] },
    mark: { type: "point", opacity: 0 },
  };
}
