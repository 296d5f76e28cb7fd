import { labels } from "../marks/marks.ts";
import { gridColor, noteColor, textSize } from "../marks/style.ts";
import type { Title } from "../text/title.ts";
import type { Chart } from "./chart.ts";

/** In a chart's place where there is nothing to draw: says why. */
export function messageChart(title: Title | undefined, message: string): Chart {
  return {
    ...(title !== undefined && { title }),
    layer: [labels([{ message }], "message", {}, { color: noteColor, fontSize: textSize.axisTitle })],
    view: { stroke: gridColor },
  };
}
