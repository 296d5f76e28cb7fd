import { expect, test } from "vitest";
import { LineCoverage } from "./line-coverage.ts";

test("each line is counted once in a pixel, wherever its stretches meet, leave the picture or have gaps between them", () => {
  const [columns, rows] = [3, 12];
  const coverage = new LineCoverage([columns, rows]);
  const expected = new Uint16Array(columns * rows);
  let state = 1;
  const next = (below: number) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
  for (let line = 0; line < 200; line += 1) {
    const covered = new Set<number>();
    let at = next(20) - 4;
    for (let column = 0; column < columns; column += 1)
      for (let stretch = 0; stretch < next(5); stretch += 1) {
        const goesOn = next(2) === 0;
        const from = goesOn ? at : next(20) - 4;
        at = next(20) - 4;
        coverage.cover(column, from + 0.25, at + 0.25, goesOn);
        for (let row = Math.min(from, at); row <= Math.max(from, at); row += 1)
          if (row >= 0 && row < rows) covered.add(row * columns + column);
      }
    coverage.endLine();
    for (const pixel of covered) expected[pixel] = (expected[pixel] ?? 0) + 1;
  }
  expect(coverage.counts()).toEqual(expected);
});
