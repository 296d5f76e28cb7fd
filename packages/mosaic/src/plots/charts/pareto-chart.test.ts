import { expect, test } from "vitest";
import { textWidth } from "../write/fonts.ts";
import { type ParetoPoint, paretoChart } from "./pareto-chart.ts";

function chartOf(points: readonly ParetoPoint[]) {
  const texts = { title: "front", notes: [], xTitle: "size", yTitle: "loss", numbered: 12 };
  const plot = { ...texts, points, directions: ["lower", "lower"] as const };
  return JSON.parse(JSON.stringify(paretoChart(plot, { width: 480, measure: textWidth })));
}

function point(x: number, y: number, model = "a", isFront = true): ParetoPoint {
  const mean = (value: number) => ({ mean: value, low: value - 0.1, high: value + 0.1 });
  return { model, pipeline: `${x} ${y}`, n: 3, x: mean(x), y: mean(y), isFront };
}

test("points of equal means lie side by side, and it is said", () => {
  const { layer, title } = chartOf([point(1, 5), point(1, 5, "b"), point(1, 5, "c"), point(9, 1)]);
  const drawn = layer.at(-2).data.values;
  expect(new Set(drawn.map(({ x }: { x: number }) => x)).size).toBe(4);
  expect(drawn[1].x).toBeCloseTo(1, 12);
  expect(title.subtitle).toEqual(["points side by side have equal means"]);
});

test("no number of the front is lost: those that would lie on each other share a label", () => {
  const { layer } = chartOf([point(1, 9), point(5, 5), point(5.01, 4.99), point(5.02, 4.98), point(9, 1)]);
  expect(layer.at(-1).data.values.map(({ number }: { number: string }) => number)).toEqual(["1", "2–4", "5"]);
});

test("models in grey are counted, and have their intervals", () => {
  const { layer, title } = chartOf(
    Array.from({ length: 30 }, (_, index) => point(index, 30 - index, `key ${index}`, false)),
  );
  expect(title.subtitle[0]).toContain("the 7 with the best means in colour, 23 others in grey");
  expect(layer[0].mark.type).toBe("rule");
  expect(layer[0].data.values).toHaveLength(23);
});
