import { textSize } from "../marks/style.ts";
import type { Chart } from "../pages/page.ts";
import { wrapText } from "../text/fit-text.ts";

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
