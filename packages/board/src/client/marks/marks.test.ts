import { expect, test } from "vitest";
import { RunTable } from "../../wire/run-table.ts";
import { allRows } from "../columns/sort-rows.ts";
import { frameOf } from "./axes.ts";
import { columnAxis } from "./column-axis.ts";
import { linesThrough } from "./dense-lines.ts";
import { GridIndex } from "./grid-index.ts";
import { bandStretches, nearestPlace, smoothed } from "./lines.ts";
import { extentOf, linearTicks, logTicks, roomyScale, scaleOf } from "./scales.ts";

test.each([
  [0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  [-3, 17, 4, [0, 5, 10, 15]],
  [0.1, 0.3, 2, [0.1, 0.2, 0.3]],
])("linear ticks from %d to %d", (low, high, most, expected) => {
  expect(linearTicks(low, high, most)).toEqual(expected);
});

test("logarithmic ticks are powers of ten, with 2 and 5 between few of them, and linear ones within a decade", () => {
  expect(logTicks(1e-6, 1, 6)).toEqual([1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1]);
  expect(logTicks(0.5, 30, 8)).toEqual([0.5, 1, 2, 5, 10, 20]);
  expect(logTicks(3.1, 3.9, 4)).toEqual([3.2, 3.4, 3.6, 3.8]);
});

test("a short axis has ticks too, wherever it begins and ends", () => {
  expect(logTicks(0.0017, 0.48, 2)).toEqual([0.01, 0.1]);
  expect(logTicks(0.02, 0.47, 2)).toEqual([0.2, 0.4]);
  expect(linearTicks(5.1, 9.9, 2)).toEqual([6, 8]);
  expect(linearTicks(1.1, 3.3, 1)).toEqual([2]);
});

test.each([
  [0.01, 100, true],
  [-5, 5, false],
  [3, 3, true],
  [0, 0, false],
])("a scale from %d to %d gives back its values", (low, high, isLogarithmic) => {
  const scale = roomyScale(low, high, isLogarithmic);
  for (const at of [0, 0.3, 1]) expect(scale.at(scale.value(at))).toBeCloseTo(at);
  expect(scale.low).toBeLessThan(low);
  expect(scale.high).toBeGreaterThan(high);
});

test("a logarithmic scale of what is not positive is linear, and one of nothing is from 0 to 1", () => {
  expect(scaleOf(-1, 1, true).isLogarithmic).toBe(false);
  expect(scaleOf(...extentOf([])).value(1)).toBe(1);
});

test("the extent leaves out what is no finite number", () => {
  expect(extentOf([Number.NaN, 3, Number.POSITIVE_INFINITY, -2])).toEqual([-2, 3]);
  expect(extentOf([-2, 0, 3, 4], true)).toEqual([3, 4]);
});

test.each([
  [0, 0],
  [2.4, 1],
  [2.6, 2],
  [99, 3],
])("the point nearest to %d is at place %d", (wanted, place) => {
  expect(nearestPlace([1, 2, 3, 7], wanted)).toBe(place);
});

test("smoothing keeps a constant, starts with the first value and passes over gaps", () => {
  expect([...smoothed([1, 2, 3], [2, 2, 2], 0.9)]).toEqual([2, 2, 2]);
  expect([...smoothed([1, 2], [0, 1], 0.5)]).toEqual([0, Math.fround(2 / 3)]);
  expect([...smoothed([1, 2, 3], [1, Number.NaN, 1], 0.5)]).toEqual([1, Number.NaN, 1]);
});

test("a band is drawn where it has an interval, and not over all of the picture where it has none", () => {
  const none = Number.NaN;
  expect(bandStretches([none, none], [none, none])).toEqual([]);
  expect(bandStretches([1, 2, none, 4, none, 6], [2, 3, none, 5, 6, 7])).toEqual([
    [0, 2],
    [3, 4],
    [5, 6],
  ]);
});

test("the grid finds the same nearest point as looking at all, and none far away", () => {
  const count = 2000;
  const x = Float32Array.from({ length: count }, (_, index) => (Math.sin(index * 12.9898) * 43758.5453) % 400);
  const y = Float32Array.from({ length: count }, (_, index) => (Math.sin(index * 78.233) * 12543.123) % 300);
  const grid = new GridIndex(x, y);
  for (let index = 0; index < 200; index += 1) {
    const [atX, atY] = [Math.sin(index) * 420, Math.cos(index * 3) * 320];
    let [nearest, distance] = [-1, 12];
    for (let each = 0; each < count; each += 1) {
      const far = Math.hypot((x[each] ?? 0) - atX, (y[each] ?? 0) - atY);
      if (far < distance) [nearest, distance] = [each, far];
    }
    expect(grid.nearest(atX, atY, 12)).toBe(nearest);
  }
});

test("points that are nowhere are never found", () => {
  const grid = new GridIndex(new Float32Array([Number.NaN, 5]), new Float32Array([1, 5]));
  expect(grid.nearest(0, 1, 3)).toBe(-1);
  expect(grid.nearest(5, 5, 3)).toBe(1);
});

test("of very many lines each is counted once in a pixel, and one of a single point is a dot", () => {
  const frame = frameOf({ left: 0, top: 0, width: 8, height: 8 }, scaleOf(0, 8), scaleOf(0, 8));
  const style = { color: "#000000", width: 1, opacity: 1, dash: [] };
  // Within two pixels, where its segments meet.
  const line = { ...style, x: [0.1, 0.4, 0.8, 1.5], y: [7.5, 7.5, 7.5, 7.5] };
  const counts = linesThrough(frame, [line, line], 1, [8, 8]);
  expect([...counts.subarray(0, 3)]).toEqual([2, 2, 0]);
  const dot = linesThrough(frame, [{ ...style, x: [4], y: [4] }], 1, [8, 8]);
  expect(dot.reduce((sum, each) => sum + each, 0)).toBe(32);
  expect([dot[0], dot[8 * 4 + 4], dot[8 * 4 + 1], dot[8 * 4 + 7]]).toEqual([0, 1, 1, 0]);
});

test("an axis of few values that were given has a tick each, of whole numbers no other, and of none no tick", () => {
  const table = new RunTable();
  const columns = { few: [3, 1, 2, 1], far: [40, 1, 7, 40], many: [1, 10, 3, 7], none: [NaN, NaN, NaN, NaN] };
  table.add({
    cursor: "",
    rows: 4,
    columns: Object.entries(columns).map(([name, values]) => ({
      name,
      kind: "number",
      values: Float64Array.from(values),
      missing: null,
    })),
  });
  const ticksOf = (name: string, role: "option" | "result", whole = true) =>
    columnAxis(table, { name, title: name, role, type: "number", varies: true, whole }, allRows(4), true)
      ?.scale.ticks(20)
      .map(({ value }) => value);
  expect(ticksOf("few", "option")).toEqual([1, 2, 3]);
  expect(ticksOf("far", "option")).toEqual([1, 7, 40]);
  expect(ticksOf("few", "result")).toEqual([1, 2, 3]);
  expect(ticksOf("many", "result")).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(ticksOf("none", "option", false)).toEqual([]);
  expect(ticksOf("none", "result", false)).toEqual([]);
});
