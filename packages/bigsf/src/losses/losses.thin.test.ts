/** Losses of thin structures against the authors' formulas in PyTorch (fixtures/thin_structures.py). */
import { readFileSync } from "node:fs";
import { evaluate, fromArray, grad, type Tensor } from "@ml-mosaic/tensor";
import { BaseLoss } from "@ml-mosaic/training";
import { describe, expect, test } from "vitest";
import "./built-in.ts";

interface Case {
  readonly name: string;
  readonly logits: readonly number[];
  readonly target: readonly number[];
  readonly results: readonly {
    readonly config: Readonly<Record<string, unknown>>;
    readonly value: number;
    readonly gradient: readonly number[];
  }[];
}
const { shape, cases }: { readonly shape: readonly number[]; readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL("../../fixtures/thin-structures.json", import.meta.url), "utf8"),
);
const [batch = 0, , height = 0, width = 0] = shape;

const array = (values: readonly number[], channels: number) =>
  fromArray(Float32Array.from(values), [batch, channels, height, width]);

async function lossAndSlope(config: unknown, logits: Tensor, target: Tensor) {
  const loss = BaseLoss.fromConfig(config).forward(logits, target);
  const [slope] = grad(loss, [logits]);
  if (slope === undefined) throw new Error("the loss has no gradient");
  const [value, slopes] = await evaluate([loss, slope]);
  return { value: Number(value?.[0]), slope: Array.from(slopes ?? [], Number).map((each) => each + 0) };
}

describe.each(cases.map((each) => [each.name, each] as const))("%s", (_, { logits, target, results }) => {
  test.each(results.map((each) => [JSON.stringify(each.config), each] as const))("%s", async (_config, expected) => {
    const { value, slope } = await lossAndSlope(expected.config, array(logits, 1), array(target, 3));
    expect(Math.abs(value - expected.value)).toBeLessThan(3e-6);
    const largest = Math.max(0.01, ...expected.gradient.map(Math.abs));
    for (const [index, right] of expected.gradient.entries())
      expect(Math.abs((slope[index] ?? Number.NaN) - right), `pixel ${index}`).toBeLessThan(1e-5 * largest);
  });
});

test.each(["cldice", "skeleton_recall"])("%s: central differences agree with the gradient", async (type) => {
  const { logits, target } = cases[0] ?? { logits: [], target: [] };
  // Smaller than half of what lies between any two logits, so that minima and maxima stay where they are.
  const step = 1 / 256;
  const { slope } = await lossAndSlope({ type }, array(logits, 1), array(target, 3));
  const loss = BaseLoss.fromConfig({ type });
  const looked = slope.flatMap((value, pixel) => (value !== 0 && pixel % 3 === 0 ? [pixel] : []));
  const moved = looked.flatMap((pixel) =>
    [step, -step].map((by) =>
      loss.forward(
        array(
          logits.map((value, index) => (index === pixel ? value + by : value)),
          1,
        ),
        array(target, 3),
      ),
    ),
  );
  const values = (await evaluate(moved)).map((value) => Number(value[0]));
  expect(looked.length).toBeGreaterThan(30);
  for (const [place, pixel] of looked.entries()) {
    const difference = ((values[2 * place] ?? 0) - (values[2 * place + 1] ?? 0)) / (2 * step);
    expect(Math.abs(difference - (slope[pixel] ?? 0)), `pixel ${pixel}`).toBeLessThan(3e-5);
  }
});

test.each(["cldice", "skeleton_recall"])("%s: what is not labelled changes nothing", async (type) => {
  const { logits, target } = cases[0] ?? { logits: [], target: [] };
  const pixels = height * width;
  const isLabelled = (index: number) =>
    target[3 * pixels * Math.floor(index / pixels) + pixels + (index % pixels)] === 1;
  const other = logits.map((value, index) => (isLabelled(index) ? value : -7 * value + 3));
  const before = await lossAndSlope({ type }, array(logits, 1), array(target, 3));
  expect(await lossAndSlope({ type }, array(other, 1), array(target, 3))).toEqual(before);
  expect(before.slope.every((value, index) => isLabelled(index) || value === 0)).toBe(true);
});

test("a sum of losses is weighted", async () => {
  const { logits, target } = cases[0] ?? { logits: [], target: [] };
  const value = async (config: unknown) => (await lossAndSlope(config, array(logits, 1), array(target, 3))).value;
  const parts = [{ type: "bce_dice" }, { type: "cldice" }, { type: "skeleton_recall" }];
  const [first = 0, second = 0, third = 0] = await Promise.all(parts.map(value));
  expect(await value({ type: "sum", losses: parts })).toBeCloseTo(first + second + third, 5);
  expect(await value({ type: "sum", losses: parts, weights: [0.5, 0, 2] })).toBeCloseTo(first / 2 + 2 * third, 5);
  const wrong = (config: object) => () => BaseLoss.fromConfig({ type: "sum", ...config });
  expect(wrong({ losses: [] })).toThrow(/losses.*expected one loss or more/);
  expect(wrong({ losses: parts, weights: [1] })).toThrow(/weights.*there are 1 for 3 losses/);
  expect(wrong({ losses: parts, weights: [0, 0, 0] })).toThrow(/weights.*above 0/);
});

test("skeleton recall says where its skeletons come from", () => {
  const { logits, target } = cases[0] ?? { logits: [], target: [] };
  const two = target.slice(0, 2 * batch * height * width);
  expect(() => BaseLoss.fromConfig({ type: "skeleton_recall" }).forward(array(logits, 1), array(two, 2))).toThrow(
    /data\.skeletons: true/,
  );
});
