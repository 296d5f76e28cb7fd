import { noteColor, textSize } from "../marks/style.ts";
import type { Chart } from "../pages/page.ts";

/** In a chart's place where there is nothing to draw: says why. */
export function messageChart(
  title: { readonly text: string | string[]; readonly subtitle: string[] },
  message: string | string[],
): Chart {
  return {
    title,
    data: { values: [{ message }] },
    mark: { type: "text", color: noteColor, fontSize: textSize.axisTitle },
    encoding: { text: { field: "message", type: "nominal" } },
    view: { stroke: "#dedede" },
  };
}
