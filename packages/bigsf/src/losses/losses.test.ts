/** Losses over labelled pixels against the papers' formulas in PyTorch (fixtures/losses.py). */
import { readFileSync } from "node:fs";
import { evaluate, fromArray, grad, type Tensor, zeros } from "@ml-mosaic/tensor";
import { BaseLoss } from "@ml-mosaic/training";
import { describe, expect, test } from "vitest";
import { BigsfError } from "../errors.ts";
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
const fixture: { readonly shape: readonly number[]; readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL("../../fixtures/losses.json", import.meta.url), "utf8"),
);
const [batch = 0, , height = 0, width = 0] = fixture.shape;

const array = (values: readonly number[], channels: number) =>
  fromArray(Float32Array.from(values), [batch, channels, height, width]);

async function lossAndSlope(config: unknown, logits: Tensor, target: Tensor) {
  const loss = BaseLoss.fromConfig(config).forward(logits, target);
  const [slope] = grad(loss, [logits]);
  if (slope === undefined) throw new Error("the loss has no gradient");
  const [value, slopes] = await evaluate([loss, slope]);
  // -0 is 0 here.
  return { value: Number(value?.[0]), slope: Array.from(slopes ?? [], Number).map((each) => each + 0) };
}

describe.each(fixture.cases.map((each) => [each.name, each] as const))("%s", (_, { logits, target, results }) => {
  test.each(results.map((each) => [JSON.stringify(each.config), each] as const))("%s", async (_config, expected) => {
    const { value, slope } = await lossAndSlope(expected.config, array(logits, 1), array(target, 2));
    expect(Math.abs(value - expected.value)).toBeLessThan(3e-6 * Math.max(1, Math.abs(expected.value)));
    const largest = Math.max(0.1, ...expected.gradient.map(Math.abs));
    for (const [index, right] of expected.gradient.entries())
      expect(Math.abs((slope[index] ?? Number.NaN) - right), `pixel ${index}`).toBeLessThan(3e-6 * largest);
  });
});

const configs: readonly Readonly<Record<string, unknown>>[] = [
  { type: "bce", pos_weight: 2 },
  { type: "dice" },
  { type: "dice", per_patch: true },
  { type: "bce_dice" },
  { type: "focal", gamma: 1.5 },
  { type: "tversky" },
  { type: "brier" },
];

test.each(configs)("%j: central differences agree with the gradient", async (config) => {
  const { logits, target } = fixture.cases[0] ?? { logits: [], target: [] };
  const step = 1 / 32;
  const { slope } = await lossAndSlope(config, array(logits, 1), array(target, 2));
  const loss = BaseLoss.fromConfig(config);
  const moved = logits.flatMap((_, pixel) =>
    [step, -step].map((by) =>
      loss.forward(
        array(
          logits.map((value, index) => (index === pixel ? value + by : value)),
          1,
        ),
        array(target, 2),
      ),
    ),
  );
  const values = (await evaluate(moved)).map((value) => Number(value[0]));
  for (const [pixel, right] of slope.entries()) {
    const difference = ((values[2 * pixel] ?? 0) - (values[2 * pixel + 1] ?? 0)) / (2 * step);
    expect(Math.abs(difference - right), `pixel ${pixel}`).toBeLessThan(2e-5);
  }
});

test.each(configs)("%j: what is not labelled changes nothing", async (config) => {
  const { logits, target } = fixture.cases[0] ?? { logits: [], target: [] };
  const pixels = height * width;
  const isLabelled = (index: number) =>
    target[2 * pixels * Math.floor(index / pixels) + pixels + (index % pixels)] === 1;
  const other = logits.map((value, index) => (isLabelled(index) ? value : -7 * value + 3));
  const [before, after] = [
    await lossAndSlope(config, array(logits, 1), array(target, 2)),
    await lossAndSlope(config, array(other, 1), array(target, 2)),
  ];
  expect(after).toEqual(before);
  expect(before.slope.every((value, index) => isLabelled(index) || value === 0)).toBe(true);
  expect(before.slope.some((value) => value !== 0)).toBe(true);
});

test("shapes that do not fit are refused, with what to do", () => {
  const loss = BaseLoss.fromConfig({ type: "dice" });
  for (const run of [
    () => loss.forward(zeros([2, 3, 4, 4]), zeros([2, 2, 4, 4])),
    () => loss.forward(zeros([2, 1, 4, 4]), zeros([2, 1, 4, 4])),
    () => loss.forward(zeros([2, 1, 4, 4]), zeros([2, 2, 8, 8])),
  ]) {
    expect(run).toThrow(BigsfError);
    expect(run).toThrow(/the loss DiceLoss takes logits .*out_channels: 1/);
  }
});

test("options out of range are named", () => {
  expect(() => BaseLoss.fromConfig({ type: "focal", alpha: 2, gamma: -1 })).toThrow(/alpha.*\n.*gamma/);
  expect(() => BaseLoss.fromConfig({ type: "bce_dice", bce_weight: 0, dice_weight: 0 })).toThrow(/above 0/);
});
