import { expect, test } from "vitest";
import { type Curves, decodeCurves, encodeCurves } from "./curves.ts";

test("lines and bands arrive as they were sent", () => {
  const line = (run: number, ...y: number[]) => ({
    run,
    series: "test_loss",
    points: 9,
    x: new Float32Array(y.map((_, index) => index + 1)),
    y: new Float32Array(y),
  });
  const curves: Curves = {
    runs: 5,
    interval: "95 % interval of the mean (t)",
    lines: [line(1, 3, 2, Number.NaN), line(2), line(7, 1)],
    bands: [
      {
        group: ["SGD", 0.1, null],
        series: "train_loss",
        x: new Float32Array([1, 2]),
        mean: new Float32Array([3, 2]),
        low: new Float32Array([2, 1]),
        high: new Float32Array([4, 3]),
        n: new Uint32Array([3, 2]),
      },
    ],
  };
  expect(decodeCurves(encodeCurves(curves).buffer)).toEqual(curves);
});

test("what lines have in common is sent once", () => {
  const x = Float32Array.from({ length: 1000 }, (_, index) => index);
  const line = (run: number) => ({ run, series: "lr", points: 1000, x, y: x.map((value) => value / run) });
  const sent = encodeCurves({ lines: [line(1), line(2), line(3)], bands: [], runs: 3, interval: "" });
  expect(sent.length).toBeLessThan(4 * 4 * 1000 + 1000);
  const { lines } = decodeCurves(sent.buffer);
  expect(lines).toEqual([line(1), line(2), line(3)]);
  expect(lines[2]?.x).toBe(lines[0]?.x);
});
