import { expect, test } from "vitest";
import { textWidth } from "../write/fonts.ts";
import { type CriterionPlot, criterionChart } from "./criterion-chart.ts";
import type { Series } from "./series.ts";

const room = { width: 480, measure: textWidth };

/** A series with an interval of half the width at each place; null: a single run. */
function series(name: string, halves: readonly (number | null)[], mean = 5): Series {
  return {
    name,
    points: halves.map((half, x) => ({
      x,
      mean,
      low: half === null ? null : mean - half,
      high: half === null ? null : mean + half,
      values: [{ runId: x, value: mean }],
    })),
  };
}

function layersOf(all: readonly Series[], plot: Partial<CriterionPlot> = {}) {
  const texts = { title: "title", notes: [], xTitle: "x", yTitle: "y" };
  const looks = { direction: "lower", marks: "line", intervals: "fill_between" } as const;
  const chart = JSON.parse(JSON.stringify(criterionChart({ ...texts, ...looks, ...plot, series: all }, room)));
  const drawn = (type: string): { x: number; series: string }[][] =>
    chart.layer
      .filter(({ mark }: { mark: { type: string } }) => mark.type === type)
      .map(({ data }: { data: { values: object[] } }) => data.values);
  return { chart, drawn };
}

test("a place of which no uncertainty is known interrupts the band, and one between two such has a bar", () => {
  const { drawn } = layersOf([series("a", [1, 1, null, 1, null, 1, 1])]);
  expect(drawn("area").map((rows) => rows.map(({ x }) => x))).toEqual([
    [0, 1],
    [5, 6],
  ]);
  expect(drawn("rule").map((rows) => rows.map(({ x }) => x))).toEqual([[3]]);
  expect(drawn("line").flat()).toHaveLength(7);
});

test("an interval much wider than the others is cut at the frame, and said", () => {
  const { chart } = layersOf([series("a", [1, 1, 100, 1])]);
  expect(chart.title.subtitle).toEqual(["arrow heads: an interval goes on beyond the frame"]);
  expect(JSON.stringify(chart.layer)).toMatch(/triangle-down.*triangle-up/);
  expect(layersOf([series("a", [1, 1, 2, 1])]).chart.title.subtitle).toEqual([]);
});

test("of many series those in grey have their intervals too, and it is said how many they are", () => {
  const many = Array.from({ length: 30 }, (_, index) => series(`key ${index}`, [1, 1], 5 + index));
  const { chart, drawn } = layersOf(many);
  expect(chart.title.subtitle[0]).toContain("the 7 with the best means in colour, 23 others in grey");
  expect(
    drawn("rule")
      .flat()
      .filter((row) => row?.series === ""),
  ).toHaveLength(46);
});
