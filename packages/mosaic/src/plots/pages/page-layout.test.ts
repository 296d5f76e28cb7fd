import { expect, test } from "vitest";
import { titleChart } from "../charts/heading-chart.ts";
import { textWidth } from "../write/fonts.ts";
import { gridFor, gridPage, pagesOf, sheet } from "./page-layout.ts";

test.each([1, 2, 3, 9, 10, 16])("a page lays out %i charts inside of it, none on another", (count) => {
  const chart = () => titleChart({ text: [], subtitle: [] });
  const charts = Array.from({ length: count }, () => chart);
  const page = gridPage(charts, gridFor(count), textWidth, { title: "title", note: "" });
  const [heading, ...placed] = page.charts;
  expect(placed).toHaveLength(count);
  for (const [index, { x, y, width, height }] of placed.entries()) {
    expect(x + width).toBeLessThanOrEqual(sheet.width);
    expect(y + height).toBeLessThanOrEqual(sheet.height);
    expect(y).toBeGreaterThanOrEqual((heading?.y ?? 0) + (heading?.height ?? 0));
    for (const other of placed.slice(index + 1)) expect(other.x >= x + width || other.y >= y + height).toBe(true);
  }
});

test("charts that are too many for a page go on to the next, as equally as can be", () => {
  const sizes = (count: number) => pagesOf(Array.from({ length: count })).map(({ length }) => length);
  expect(sizes(9)).toEqual([9]);
  expect(sizes(16)).toEqual([16]);
  expect(sizes(17)).toEqual([9, 8]);
  expect(sizes(40)).toEqual([14, 14, 12]);
});
