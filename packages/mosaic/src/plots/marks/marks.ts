/** Marks: each builds the layer of a chart that shows some rows of plain data. */
import type { TopLevelSpec } from "vega-lite";

export type Layer = Extract<TopLevelSpec, { readonly layer: unknown }>["layer"][number];
type Encoding = NonNullable<Extract<Layer, { readonly mark: unknown }>["encoding"]>;
type Composite = "boxplot" | "errorband" | "errorbar";
type Mark = Exclude<Extract<Layer, { readonly mark: unknown }>["mark"], string | { readonly type: Composite }>;
/** How a mark looks: Vega-Lite's properties of marks. */
export type Look = Omit<Mark, "type">;

/** What shows the fields of the rows. A place is a field of numbers, or a channel as Vega-Lite has it. */
export interface Channels extends Omit<Encoding, "x" | "y" | "x2" | "y2" | "text" | "detail"> {
  readonly x?: string | Encoding["x"];
  readonly y?: string | Encoding["y"];
  /** Where the mark ends. */
  readonly x2?: string | Encoding["x2"];
  readonly y2?: string | Encoding["y2"];
  readonly detail?: string;
}

type Rows = readonly object[];

export function points(rows: Rows, channels: Channels, look: Look = {}): Layer {
  return layer("point", rows, channels, { filled: true, opacity: 1, ...look });
}

export function lines(rows: Rows, channels: Channels, look: Look = {}): Layer {
  return layer("line", rows, channels, look);
}

/** Filled from `y` to `y2`, or from `x` to `x2`. */
export function areas(rows: Rows, channels: Channels, look: Look = {}): Layer {
  return layer("area", rows, channels, look);
}

/** Straight lines from `x` to `x2` or from `y` to `y2`. */
export function rules(rows: Rows, channels: Channels, look: Look = {}): Layer {
  return layer("rule", rows, channels, { strokeWidth: 1, ...look });
}

export function rectangles(rows: Rows, channels: Channels, look: Look = {}): Layer {
  return layer("rect", rows, channels, look);
}

export function bars(rows: Rows, channels: Channels): Layer {
  return layer("bar", rows, channels, {});
}

/** Short strokes over an axis. */
export function ticks(rows: Rows, channels: Channels, look: Look = {}): Layer {
  return layer("tick", rows, channels, { thickness: 1, ...look });
}

/** @param text the field that is written, in full */
export function labels(rows: Rows, text: string, channels: Channels, look: Look = {}): Layer {
  const { encoding = {}, ...rest } = layer("text", rows, channels, { limit: 0, ...look });
  return { ...rest, encoding: { ...encoding, text: { field: text, type: "nominal" } } };
}

function layer(type: Mark["type"], rows: Rows, { x, y, x2, y2, detail, ...others }: Channels, look: Look) {
  const encoding: Encoding = {
    ...others,
    ...(x !== undefined && { x: placeOf(x) }),
    ...(y !== undefined && { y: placeOf(y) }),
    ...(x2 !== undefined && { x2: typeof x2 === "string" ? { field: x2 } : x2 }),
    ...(y2 !== undefined && { y2: typeof y2 === "string" ? { field: y2 } : y2 }),
    ...(detail !== undefined && { detail: { field: detail, type: "nominal" } as const }),
  };
  return { data: { values: [...rows] }, mark: { type, ...look }, encoding };
}

function placeOf<Channel>(place: string | Channel) {
  return typeof place === "string" ? ({ field: place, type: "quantitative" } as const) : place;
}
