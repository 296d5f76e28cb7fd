import { expect, test } from "vitest";
import { LineCoverage } from "./line-coverage.ts";

const [columns, rows] = [6, 12];

/** Pixels of a line, part by part of each of its segments in each column. */
function pixelsOf(
  across: Float64Array,
  down: Float64Array,
  dash: readonly number[],
  shift: number,
): ReadonlySet<number> {
  const covered = new Set<number>();
  const period = dash.reduce((sum, each) => sum + each, 0);
  for (let index = 1; index < across.length; index += 1) {
    const [x0 = 0, x1 = 0] = across.subarray(index - 1, index + 1);
    const [y0 = 0, y1 = 0] = down.subarray(index - 1, index + 1);
    if (![x0, x1, y0, y1].every(Number.isFinite)) continue;
    for (let column = 0; column < columns; column += 1) {
      if (period > 0 && (column + shift) % period >= (dash[0] ?? 0)) continue;
      const [from, to] = [Math.max(column, x0), Math.min(column + 1, x1)];
      if (x1 > x0 ? from > to || from === column + 1 : Math.floor(x0) !== column) continue;
      const at = (x: number) => y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
      const ends = x1 > x0 ? [from === x0 ? y0 : at(from), to === x1 ? y1 : at(to)] : [y0, y1];
      for (let row = Math.floor(Math.min(...ends)); row <= Math.floor(Math.max(...ends)); row += 1)
        if (row >= 0 && row < rows) covered.add(row * columns + column);
    }
  }
  return covered;
}

test.each([
  ["whole", [], 0],
  ["dashed", [2, 1], 0],
  ["otherwise dashed", [2, 1], 5],
])(
  "%s lines are counted once in a pixel, wherever they cross it again, leave the picture or have gaps",
  (_, dash, shift) => {
    let state = 1;
    const next = () => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647;
    };
    const coverage = new LineCoverage([columns, rows]);
    const expected = new Uint16Array(columns * rows);
    for (let line = 0; line < 200; line += 1) {
      const across = Float64Array.from({ length: 30 }, () => next() * 8 - 1).sort();
      const down = across.map(() => (next() < 0.2 ? Number.NaN : next() * 20 - 4));
      coverage.addLine({ across, down }, dash, shift);
      for (const pixel of pixelsOf(across, down, dash, shift)) expected[pixel] = (expected[pixel] ?? 0) + 1;
    }
    expect(coverage.counts()).toEqual(expected);
  },
);
