/** How every chart looks. */
import type { Config } from "vega-lite";

/** Shipped with Mosaic, so that text looks the same on every machine. */
export const fontFamily = "Source Sans 3";

export const ink = "#1a1a1a";
export const faintInk = "#4d4d4d";
export const gridColor = "#dedede";

/**
 * Colours that the colour-blind tell apart, dark enough for thin lines on white: Okabe and Ito's, without their yellow.
 *
 * Source: Okabe and Ito, Color universal design (2008), https://jfly.uni-koeln.de/color/
 */
export const palette = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"] as const;

/** Second mark of a line besides its colour, for black-and-white prints. */
export const dashes: readonly (readonly number[])[] = [
  [1, 0],
  [5, 2],
  [2, 2],
  [7, 2, 2, 2],
];

export const shapes = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"] as const;

/** For the many that are shown only as the background of the few. */
export const backgroundColor = "#bdbdbd";

export const noteColor = "#9a3412";

/** Sizes in points on an unscaled chart. */
export const textSize = { title: 12, subtitle: 10, axisTitle: 10.5, label: 10, lineHeight: 12.5 } as const;

export const config: Config = {
  background: "white",
  padding: 4,
  view: { stroke: null },
  title: {
    anchor: "start",
    frame: "bounds",
    color: ink,
    fontSize: textSize.title,
    fontWeight: 600,
    subtitleColor: faintInk,
    subtitleFontSize: textSize.subtitle,
    subtitleLineHeight: textSize.lineHeight,
    subtitlePadding: 3,
    offset: 6,
  },
  axis: {
    labelFontSize: textSize.label,
    titleFontSize: textSize.axisTitle,
    titleFontWeight: 400,
    labelColor: ink,
    titleColor: ink,
    titlePadding: 6,
    domainColor: ink,
    domainWidth: 0.75,
    tickColor: ink,
    tickWidth: 0.75,
    tickSize: 4,
    gridColor,
    gridWidth: 0.5,
    labelFlush: false,
    labelOverlap: "greedy",
    labelLimit: 160,
  },
  legend: {
    labelFontSize: textSize.label,
    titleFontSize: textSize.axisTitle,
    titleFontWeight: 400,
    labelColor: ink,
    titleColor: ink,
    symbolStrokeWidth: 2,
    symbolSize: 60,
    rowPadding: 3,
  },
  line: { strokeWidth: 1.5, strokeJoin: "round", strokeCap: "butt" },
  range: { category: [...palette] },
};
