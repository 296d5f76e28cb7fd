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
