import { expect, test } from "vitest";
import { layOut } from "../write/layout.ts";
import { numberAxis } from "./axes.ts";
import { points } from "./marks.ts";
import { scaleOf } from "./scales.ts";

/** What an axis writes at its ticks. */
async function ticksOf(values: readonly number[], large: "~s" | ".6~g"): Promise<readonly string[]> {
  const x = { field: "x", ...numberAxis(scaleOf(values), "axis", { large }) };
  const layer = [
    points(
      values.map((value) => ({ x: value })),
      {},
    ),
  ];
  const view = await layOut({ chart: { encoding: { x }, layer }, x: 0, y: 0, width: 800, height: 100 });
  const svg = await view.toSVG();
  view.finalize();
  const [axis = ""] = /role-axis-label[\s\S]*?<\/g>/.exec(svg) ?? [];
  return [...axis.matchAll(/>([^<>\s]+)<\/text>/g)].map(([, text = ""]) => text);
}

test("ticks of one axis are written in one way, whatever their size", async () => {
  const wide = [1e-5, 1e-3, 0.1, 10, 1e3, 1e5];
  const small = ["1e-4", "0.01", "1", "100"];
  expect(await ticksOf(wide, "~s")).toEqual([...small, "10k"]);
  expect(await ticksOf(wide, ".6~g")).toEqual([...small, "10000"]);
  expect(await ticksOf([0, 2000], "~s")).toContain("2k");
});
