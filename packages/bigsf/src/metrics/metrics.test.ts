/** Metrics over labelled pixels against scikit-learn, scikit-image and numpy (fixtures/metrics.py). */
import { readFileSync } from "node:fs";
import { evaluate, fromArray, metrics, zeros } from "@ml-mosaic/tensor";
import { BaseMetric } from "@ml-mosaic/training";
import { describe, expect, test } from "vitest";
import { BigsfError } from "../errors.ts";
import "./built-in.ts";

interface Case {
  readonly name: string;
  /** Of each batch. */
  readonly samples: readonly number[];
  readonly logits: readonly (readonly number[])[];
  readonly truth: readonly (readonly number[])[];
  readonly labelled: readonly (readonly number[])[];
  readonly expected: readonly {
    readonly config: Readonly<Record<string, unknown>>;
    /** null: not defined. */
    readonly value: number | null;
  }[];
}
const fixture: { readonly size: number; readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL("../../fixtures/metrics.json", import.meta.url), "utf8"),
);
const { size } = fixture;
const pixels = size * size;

function batchesOf({ samples, logits, truth, labelled }: Case) {
  return samples.map((count, index) => {
    const target = new Float32Array(2 * count * pixels);
    for (let sample = 0; sample < count; sample++) {
      const of = (layers: Case["truth"]) => (layers[index] ?? []).slice(sample * pixels, (sample + 1) * pixels);
      target.set(of(truth), 2 * sample * pixels);
      target.set(of(labelled), (2 * sample + 1) * pixels);
    }
    return {
      prediction: fromArray(Float32Array.from(logits[index] ?? []), [count, 1, size, size]),
      target: fromArray(target, [count, 2, size, size]),
    };
  });
}

/** As an epoch does it: batch after batch. */
async function overEpoch(metric: metrics.Metric, batches: ReturnType<typeof batchesOf>): Promise<metrics.MetricValue> {
  const totals = new metrics.MetricTotals([metric]);
  for (const { prediction, target } of batches) {
    const parts = Object.entries(metrics.metricStep([metric], prediction, target));
    const values = await evaluate(parts.map(([, tensor]) => tensor.to("float32")));
    totals.add(
      Object.fromEntries(parts.map(([name], index) => [name, Float32Array.from(values[index] ?? [], Number)])),
      1,
    );
  }
  return totals.results()[metric.name] ?? Number.NaN;
}

describe.each(fixture.cases.map((each) => [each.name, each] as const))("%s", (_, each) => {
  test.each(each.expected.map((expected) => [JSON.stringify(expected.config), expected] as const))(
    "%s",
    async (_config, { config, value }) => {
      const found = await overEpoch(BaseMetric.fromConfig(config).build(), batchesOf(each));
      if (value === null) expect(found).toBeNaN();
      else expect(found).toBeCloseTo(value, config.binary === false ? 5 : 6);
    },
  );
});

test("a metric starts afresh with each epoch", async () => {
  const [usual, other] = fixture.cases;
  if (usual === undefined || other === undefined) throw new Error("two cases are needed");
  for (const { config } of usual.expected) {
    const metric = BaseMetric.fromConfig(config).build();
    const before = await overEpoch(metric, batchesOf(usual));
    await overEpoch(metric, batchesOf(other));
    expect(await overEpoch(metric, batchesOf(usual))).toBe(before);
  }
});

test("what is not labelled changes nothing", async () => {
  const [usual] = fixture.cases;
  if (usual === undefined) throw new Error("a case is needed");
  const changed = (layers: Case["truth"], change: (value: number) => number) =>
    layers.map((layer, batch) => layer.map((value, at) => (usual.labelled[batch]?.[at] === 1 ? value : change(value))));
  const other: Case = {
    ...usual,
    logits: changed(usual.logits, (value) => 5 - 3 * value),
    truth: changed(usual.truth, (value) => 1 - value),
  };
  for (const { config } of usual.expected) {
    const metric = BaseMetric.fromConfig(config).build();
    expect(await overEpoch(metric, batchesOf(other)), JSON.stringify(config)).toBe(
      await overEpoch(metric, batchesOf(usual)),
    );
  }
});

test("names tell a threshold that is not the usual one, so that several fit in one log", () => {
  const name = (config: unknown) => BaseMetric.fromConfig(config).build().name;
  expect(
    ["dice", "iou", "precision", "recall", "roc_auc", "average_precision", "mssim"].map((type) => name({ type })),
  ).toEqual(["dice", "iou", "precision", "recall", "roc_auc", "average_precision", "mssim"]);
  expect(name({ type: "precision", threshold: 0.3 })).toBe("precision_0.3");
  expect(name({ type: "auc" })).toBe("roc_auc");
});

test("scores of 100 keep their order, which their probabilities would not", async () => {
  const prediction = fromArray(Float32Array.of(90, 100, -90, -100), [1, 1, 2, 2]);
  const target = fromArray(Float32Array.of(0, 1, 1, 0, 1, 1, 1, 1), [1, 2, 2, 2]);
  const auc = BaseMetric.fromConfig({ type: "roc_auc" }).build();
  expect(await metrics.compute(auc, prediction, target)).toBe(0.75);
});

test("a prediction of NaN has no area, and is nothing found", async () => {
  const prediction = fromArray(Float32Array.of(Number.NaN, 1, 2, 3), [1, 1, 2, 2]);
  const target = fromArray(Float32Array.of(1, 1, 0, 0, 1, 1, 1, 1), [1, 2, 2, 2]);
  for (const type of ["roc_auc", "average_precision"])
    expect(await metrics.compute(BaseMetric.fromConfig({ type }).build(), prediction, target)).toBeNaN();
  expect(await metrics.compute(BaseMetric.fromConfig({ type: "recall" }).build(), prediction, target)).toBe(0.5);
});

test("what cannot be computed is refused, with what to do", () => {
  const build = (config: unknown) => BaseMetric.fromConfig(config).build();
  const step = (config: unknown) => () => build(config).step(zeros([2, 1, 4, 4]), zeros([2, 2, 4, 4]));
  expect(step({ type: "mssim" })).toThrow(/mssim needs patches of at least 7 x 7 \(win_size\); they are 4 x 4/);
  expect(step({ type: "mssim" })).toThrow(BigsfError);
  expect(() => build({ type: "dice" }).step(zeros([2, 2, 4, 4]), zeros([2, 2, 4, 4]))).toThrow(/out_channels: 1/);
  expect(() => build({ type: "mssim", win_size: 6 })).toThrow(/win_size.*odd/);
  expect(() => build({ type: "dice", threshold: 1 })).toThrow(/threshold/);
});

test("accuracy and Brier's score are those of the labelled pixels", async () => {
  for (const each of fixture.cases) {
    let [right, squares, all] = [0, 0, 0];
    for (const [batch, layer] of each.logits.entries()) {
      for (const [pixel, logit] of layer.entries()) {
        if (each.labelled[batch]?.[pixel] !== 1) continue;
        const truth = each.truth[batch]?.[pixel] ?? 0;
        all++;
        if (logit >= 0 === (truth === 1)) right++;
        squares += (1 / (1 + Math.exp(-logit)) - truth) ** 2;
      }
    }
    const score = (type: string) => overEpoch(BaseMetric.fromConfig({ type }).build(), batchesOf(each));
    if (all === 0) continue;
    expect(await score("accuracy"), each.name).toBeCloseTo(right / all, 6);
    expect(await score("mse"), each.name).toBeCloseTo(squares / all, 6);
    expect(await score("f1")).toEqual(await score("dice"));
  }
});

test("the best threshold is where Dice is largest among a thousand", async () => {
  for (const each of fixture.cases) {
    const score = (config: unknown) => overEpoch(BaseMetric.fromConfig(config).build(), batchesOf(each));
    const best = Number(await score({ type: "best_threshold" }));
    if (Number.isNaN(best)) continue;
    const there = Number(await score({ type: "dice", threshold: best }));
    for (const threshold of [0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95])
      expect(there, `${each.name} at ${best}`).toBeGreaterThanOrEqual(
        Number(await score({ type: "dice", threshold })) || 0,
      );
  }
});
