/** From a specification to a laid-out picture, without a browser. */
import { font as fontOf, type LoggerInterface, None, parse, textMetrics, View } from "vega";
import { compile } from "vega-lite";
import { config } from "../marks/style.ts";
import type { PlacedChart } from "../pages/page.ts";
import { fontFamiliesFor, registerFonts, textWidth } from "./fonts.ts";

declare module "vega" {
  // Vega has both, its types do not.
  export const textMetrics: { width: (item: MeasuredText, text: string) => number };
  export function font(item: MeasuredText): string;
}

interface MeasuredText {
  /** 0 is none. */
  readonly limit?: number;
}

/** Give it back with `finalize`. */
export async function layOut(placed: PlacedChart): Promise<View> {
  prepare();
  const sized = { ...placed.chart, ...sizeOf(placed) };
  const font = `${fontFamiliesFor(JSON.stringify(placed.chart))}, sans-serif`;
  const spec = compile(sized, { config: { ...config, font }, logger: silent }).spec;
  const view = new View(parse(spec), { renderer: "none", logLevel: None });
  return view.runAsync();
}

function sizeOf({ width, height, scale = 1, inset }: PlacedChart) {
  if (inset === undefined) return { width: width / scale, height: height / scale, autosize: fitInside };
  const { left, top, right, bottom } = inset;
  return {
    width: width / scale - left - right,
    height: height / scale - top - bottom,
    padding: inset,
    autosize: { type: "none" },
  } as const;
}

/** Title, axes and legend take their room from the plot. */
const fitInside = { type: "fit", contains: "padding" } as const;

/** Vega would guess widths: it knows no fonts outside a browser. */
function prepare(): void {
  registerFonts();
  textMetrics.width = (item, text) => {
    const width = textWidth(String(text), fontOf(item));
    return item.limit !== undefined && item.limit > 0 ? Math.min(width, item.limit) : width;
  };
}

/** What a chart cannot show, its maker says on the page; there is nobody at a console. */
const silent: LoggerInterface = {
  level: () => silent,
  error: () => silent,
  warn: () => silent,
  info: () => silent,
  debug: () => silent,
};
