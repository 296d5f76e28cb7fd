/** Axes: all of a channel but its field. */
import type { AxisScale } from "./scales.ts";

interface AxisLook {
  readonly grid?: boolean;
  /** Large numbers as 12k instead of 12000; `.6~g` writes 1e+30. */
  readonly large?: "~s" | ".6~g";
}

/** Of numbers, with ticks that are round. */
export function numberAxis({ type, domain, ticks }: AxisScale, title: string, { grid = true, large }: AxisLook = {}) {
  return {
    type: "quantitative",
    title,
    scale: { type, domain, nice: false, zero: false },
    axis: {
      ...(grid ? {} : { grid }),
      ...numberLabels(large),
      // Vega thins out even ticks that are given, down to the count.
      ...(ticks === undefined ? { tickCount: 5 } : { values: ticks, tickCount: ticks.length }),
    },
  } as const;
}

/** For axes and legends: all small numbers of one scale are written in one way. */
export function numberLabels(large: AxisLook["large"] = ".6~g") {
  const size = "abs(datum.value)";
  const small = `${size} < 1e-3 ? format(datum.value, '~e')`;
  const others = `format(datum.value, ${size} < 1000 ? '.6~g' : '${large}')`;
  return { labelExpr: `datum.value === 0 ? '0' : ${small} : ${others}` };
}

/** From 0 to 1. */
export function shareAxis(title: string, axis: { readonly grid?: boolean; readonly format?: string } = {}) {
  return {
    type: "quantitative",
    title,
    scale: { domain: pair(0, 1), nice: false },
    axis: { tickCount: 5, ...axis },
  } as const;
}

/** Places that nothing is written beside. */
export function bareAxis(low: number, high: number, { reverse = false }: { readonly reverse?: boolean } = {}) {
  const scale = { domain: pair(low, high), nice: false, zero: false, ...(reverse ? { reverse } : {}) };
  return { type: "quantitative", scale, axis: null } as const;
}

/** Texts in place of an axis's values, by the value. */
export function textLabels(texts: Readonly<Record<string, string>> | readonly string[]): string {
  return `${JSON.stringify(texts)}[datum.value]`;
}

/** A domain, as Vega-Lite takes it. */
export function pair(low: number, high: number): [number, number] {
  return [low, high];
}
