/** What a chart is: a declarative specification made from data, which a page can show as well as a command can write it. */
import type { TopLevelSpec } from "vega-lite";
import type { MeasureText } from "../text/fit-text.ts";

/** A Vega-Lite specification of layers with their data in them, without a size: whoever shows it gives that. */
export type Chart = Extract<TopLevelSpec, { readonly layer: unknown }> & { readonly title?: ChartTitle };

interface ChartTitle {
  readonly text: string | string[];
  /** Notes, a line each. */
  readonly subtitle?: string[];
}

/** What a chart has to know of the place where it will be shown: its text is broken and its curves are thinned to it. */
export interface Room {
  /** In points. */
  readonly width: number;
  readonly measure: MeasureText;
}
