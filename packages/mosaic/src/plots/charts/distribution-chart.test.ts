import { expect, test } from "vitest";
import { textWidth } from "../write/fonts.ts";
import { type DistributionPlot, distributionChart } from "./distribution-chart.ts";

function marksOf(shape: DistributionPlot["shape"], n: number): readonly string[] {
  const values = Array.from({ length: n }, (_, runId) => ({ runId, value: Math.sin(runId) }));
  const series = [{ name: "a", points: [{ x: 1, values, mean: 0, low: null, high: null }] }];
  const texts = { title: "title", notes: [], xTitle: "x", yTitle: "y" };
  const plot = { ...texts, series, direction: "lower", shape } as const;
  const chart = distributionChart(plot, { width: 480, measure: textWidth });
  return [...JSON.stringify(chart).matchAll(/"mark":\{"type":"(\w+)"/g)].flatMap(([, type]) => type ?? []);
}

test("values have a violin from twenty on, a box from five on, and are shown by themselves in any case", () => {
  const values = ["point", "line", "rule"];
  expect(marksOf("violin", 19)).toEqual(values);
  expect(marksOf("violin", 20)).toEqual(["area", ...values]);
  expect(marksOf("box", 5)).toEqual(["rect", "rule", "rule", "rule", ...values]);
});
