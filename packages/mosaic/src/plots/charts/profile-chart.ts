/** Performance profiles: for each score the share of results above it. */

import type { Interval } from "@ml-mosaic/statistics";
import { shareAxis } from "../marks/axes.ts";
import { areas, lines } from "../marks/marks.ts";
import { seriesStyle } from "../marks/series-style.ts";
import { backgroundColor } from "../marks/style.ts";
import type { Chart } from "./chart.ts";
import { panelTitle } from "./standing-rows.ts";

export interface ProfileModel {
  readonly model: string;
  readonly averageRank: number;
  /** At each of the thresholds, with its interval. */
  readonly profile: readonly number[];
  readonly profileBand: readonly Interval[];
}

const legend = { orient: "right", labelLimit: 150, symbolType: "stroke", symbolSize: 160, symbolOpacity: 1 } as const;

export function profileChart(models: readonly ProfileModel[], thresholds: readonly number[]): Chart {
  const styled = models.map(({ model, averageRank }) => ({ name: model, points: [{ mean: averageRank }] }));
  const style = seriesStyle(styled, "lower");
  const { color, strokeDash } = style.channels(legend);
  const rowsOf = ({ model, profile, profileBand }: ProfileModel) =>
    thresholds.map((threshold, index) => ({
      model,
      series: style.labels.get(model) ?? "",
      threshold,
      share: profile[index] ?? 0,
      ...profileBand[index],
    }));
  const others = models.filter(({ model }) => !style.labels.has(model));
  const inColour = models.filter(({ model }) => style.labels.has(model));
  return {
    title: panelTitle("performance profiles with 95 % bands"),
    encoding: {
      x: { field: "threshold", ...shareAxis("score τ", { grid: false }) },
      y: { field: "share", ...shareAxis("share of results above τ", { format: ".0%" }) },
    },
    layer: [
      ...others.map((model) => lines(rowsOf(model), {}, { color: backgroundColor, strokeWidth: 0.6 })),
      areas(inColour.flatMap(rowsOf), { y: "low", y2: "high", color }, { opacity: 0.15 }),
      lines(inColour.flatMap(rowsOf), { color, strokeDash }),
    ],
  };
}
