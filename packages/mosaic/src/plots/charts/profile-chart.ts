// Performance profiles: for each score the share of results above it.

import { seriesStyle } from "../marks/series-style.ts";
import { backgroundColor } from "../marks/style.ts";
import type { Chart } from "../pages/page.ts";
import { panelTitle } from "./standing-rows.ts";

export interface ProfileModel {
  readonly model: string;
  readonly averageRank: number;
  /** At each of the thresholds. */
  readonly profile: readonly number[];
}

export function profileChart(models: readonly ProfileModel[], thresholds: readonly number[]): Chart {
  const style = seriesStyle(
    models.map(({ model, averageRank }) => ({ name: model, points: [{ mean: averageRank }] })),
    "lower",
  );
  const rowsOf = ({ model, profile }: ProfileModel) =>
    thresholds.map((threshold, index) => ({ model, series: style.labels.get(model) ?? "", threshold, share: profile[index] ?? 0 })); // biome-ignore format: one thought
  const domain = [...style.labels.values()];
  const unit: [number, number] = [0, 1];
  const share = { type: "quantitative", scale: { domain: unit } } as const;
  return {
    title: panelTitle("performance profiles"),
    encoding: {
      x: { field: "threshold", ...share, title: "score τ", axis: { tickCount: 5, grid: false } },
      y: { field: "share", ...share, title: "share of results above τ", axis: { tickCount: 5, format: ".0%" } },
    },
    layer: [
      ...models
        .filter(({ model }) => !style.labels.has(model))
        .map((model) => ({
          data: { values: rowsOf(model) },
          mark: { type: "line", color: backgroundColor, strokeWidth: 0.6 } as const,
        })),
      {
        data: { values: models.filter(({ model }) => style.labels.has(model)).flatMap(rowsOf) },
        mark: { type: "line" },
        encoding: {
          color: { field: "series", type: "nominal", title: null, scale: { domain, range: style.colors }, legend: { orient: "right", labelLimit: 150, symbolType: "stroke", symbolSize: 160 } }, // biome-ignore format: one thought
          strokeDash: { field: "series", type: "nominal", title: null, scale: { domain, range: style.dashes } },
        },
      },
    ],
  };
}
