/** Metrics of thin structures against scikit-image's skeletons and numpy (fixtures/thin_structures.py). */
import { readFileSync } from "node:fs";
import { fromArray, metrics } from "@ml-mosaic/tensor";
import { BaseMetric } from "@ml-mosaic/training";
import { describe, expect, test } from "vitest";
import "./built-in.ts";

interface Case {
  readonly name: string;
  readonly logits: readonly number[];
  readonly target: readonly number[];
  readonly metrics: readonly { readonly config: Readonly<Record<string, unknown>>; readonly value: number | null }[];
}
const { shape, cases }: { readonly shape: readonly number[]; readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL("../../fixtures/thin-structures.json", import.meta.url), "utf8"),
);
const [batch = 0, , height = 0, width = 0] = shape;

describe.each(cases.map((each) => [each.name, each] as const))("%s", (_, { logits, target, metrics: expected }) => {
  test.each(expected.map((each) => [JSON.stringify(each.config), each] as const))("%s", async (_config, right) => {
    const metric = BaseMetric.fromConfig(right.config).build();
    const value = await metrics.compute(
      metric,
      fromArray(Float32Array.from(logits), [batch, 1, height, width]),
      fromArray(Float32Array.from(target), [batch, 3, height, width]),
    );
    if (right.value === null) expect(value).toBeNaN();
    else expect(value).toBeCloseTo(right.value, 6);
  });
});

test("batches are put together before the ratio is taken", async () => {
  const { logits, target } = cases[0] ?? { logits: [], target: [] };
  const pixels = height * width;
  for (const type of ["cldice", "skeleton_recall"]) {
    const metric = BaseMetric.fromConfig({ type, threshold: 0.2 }).build();
    const whole = await metrics.compute(
      metric,
      fromArray(Float32Array.from(logits), [batch, 1, height, width]),
      fromArray(Float32Array.from(target), [batch, 3, height, width]),
    );
    const layer = (sample: number, number: number) =>
      target.slice((3 * sample + number) * pixels, (3 * sample + number + 1) * pixels);
    const { join } = metric;
    if (typeof join !== "object") throw new Error("it is counted patch by patch");
    const sums = join.start();
    for (let sample = 0; sample < batch; sample++) {
      const known = layer(sample, 1);
      const masked = (values: readonly number[]) =>
        Float32Array.from(values, (value, pixel) => value * (known[pixel] ?? 0));
      const found = logits.slice(sample * pixels, (sample + 1) * pixels).map((x) => (x >= Math.log(0.25) ? 1 : 0));
      const there = masked(layer(sample, 0));
      sums.add({ found: masked(found), there, sides: Float32Array.of(height, width) });
    }
    expect(metric.result(Object.fromEntries(Object.entries(sums.parts())))).toBe(whole);
  }
});
