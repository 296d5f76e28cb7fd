/** Normalising modules against PyTorch in float64 (fixtures/normalization.py) and against central differences. */
import { expectNear } from "@ml-mosaic/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readFixture, required } from "../../test/fixtures.ts";
import {
  expectSameAsFile,
  type Given,
  type LayerCall,
  type LayerFixture,
  layerCases,
  makersOf,
  near,
  showCall,
  uncovered,
} from "../../test/layer-cases.ts";
import { toNumbers } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { grad } from "../graph/gradient.ts";
import * as normalizationOps from "../ops/normalization.ts";
import { SGD } from "../optim/sgd.ts";
import { compileTraining } from "../program/training-program.ts";
import { Generator } from "../random/generator.ts";
import { evaluate } from "../runtime/evaluate.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { constant, type Tensor } from "../tensor.ts";
import { parameter } from "../variable.ts";
import * as nn from "./index.ts";

interface Training extends LayerCall {
  readonly samples: Given;
  readonly weights: readonly number[];
  readonly twice: boolean;
  readonly batches: readonly (readonly number[])[];
  readonly steps: readonly { readonly loss: number; readonly state: Readonly<Record<string, readonly number[]>> }[];
  /** Of the first two samples, after the last step, in evaluation. */
  readonly evaluated: readonly number[];
}

const fixture: LayerFixture & { readonly trainings: readonly Training[] } = readFixture("normalization");
const makers = makersOf({
  BatchNorm1d: nn.BatchNorm1d,
  BatchNorm2d: nn.BatchNorm2d,
  GroupNorm: nn.GroupNorm,
  InstanceNorm2d: nn.InstanceNorm2d,
  LayerNorm: nn.LayerNorm,
});

/** Sums of up to a hundred float32 products, relative to the largest element. */
const tolerance = 1e-5;
/**
 * Of numbers near 64, which float32 holds to 4e-6 where their spread is 1; and of groups of one or two, whose gradients
 * are differences of numbers up to 1 / sqrt(eps) times as large.
 */
const cancellingTolerance = 5e-4;

layerCases(fixture, makers, ({ module, args, input: { data, shape } }) => {
  const shifted = data.length > 0 && data.every((value) => value > 60);
  const few = module === "GroupNorm" && data.length <= 2 * (shape[0] ?? 1) * Number(args[0]);
  return shifted || few ? cancellingTolerance : tolerance;
});

test("the fixture covers every op", () => {
  expect(uncovered(Object.values(normalizationOps), fixture, makers)).toEqual([]);
});

describe("training follows PyTorch's, running statistics included", () => {
  test.each(fixture.trainings.map((each, at) => [`${at}: ${showCall(each, each.samples.shape)}`, each] as const))(
    "%s",
    async (_title, { module, args, samples, weights, twice, batches, steps, evaluated }) => {
      const layer = required(makers.get(module))(...args);
      const fields = [samples.data, weights].map((data) => ({
        data: Float32Array.from(data),
        shape: samples.shape,
        dtype: "float32" as const,
      }));
      const program = await compileTraining({
        fields,
        parameters: layer.parameters(),
        optimizer: SGD({ lr: 0.05 }),
        batchSize: batches[0]?.length ?? 1,
        step([x, w]) {
          if (x === undefined || w === undefined) throw new Error("a field is missing");
          layer.train();
          const once = layer.forward(x);
          const y = (twice ? layer.forward(once.add(x)) : once).mul(w);
          return { loss: y.mul(y).mean() };
        },
      });
      let state = program.initialState;
      for (const [index, rows] of batches.entries()) {
        const chunk = { rows: Int32Array.from(rows), batchSize: rows.length, lr: 0.05, generator: new Generator(0) };
        const result = await program.run(state, chunk);
        state = result.state;
        program.store(state);
        const expected = steps[index];
        if (expected === undefined) throw new Error("the fixture lacks a step");
        expectNear(result.values.loss ?? [], [expected.loss], near(1e-5));
        expect([...layer.stateDict().keys()]).toEqual(Object.keys(expected.state));
        for (const [name, { data }] of layer.stateDict()) expectNear(data, expected.state[name] ?? [], near(1e-5));
      }
      program.release();
      layer.eval();
      const shape = [2, ...samples.shape.slice(1)];
      const output = layer.forward(constant(Float32Array.from(samples.data.slice(0, sizeOf(shape))), shape, "float32"));
      expectNear(await output.data(), evaluated, near(2e-5));
    },
  );
});

test("normalisations of one tensor do not disturb each other, in any of several runs", async () => {
  // ONNX Runtime writes statistics over its inputs: shared ones would be lost.
  const shape = [1, 4, 3];
  const x = parameter(
    Float32Array.from({ length: 12 }, (_, at) => Math.sin(at * at) + at),
    shape,
  );
  const build = () =>
    [
      new nn.BatchNorm1d(4),
      new nn.BatchNorm1d(4, { eps: 0.5, affine: false }),
      new nn.GroupNorm(4, 4),
      new nn.GroupNorm(4, 4, { eps: 0.5 }),
      new nn.GroupNorm(2, 4, { affine: false }),
      new nn.LayerNorm(3),
    ].map((layer) => layer.forward(x).mul(x).sum([0, 2]));
  const gradients = build().map((each) => grad(each.sum(), [x])[0] ?? each);
  const all = [...build(), ...gradients];
  const alone: number[][] = [];
  for (const each of all) alone.push(Array.from(await each.data(), Number));
  for (let run = 0; run < 3; run++) {
    const together = await evaluate(all);
    for (const [at, expected] of alone.entries()) expectNear(together[at] ?? [], expected, near(1e-6));
  }
});

describe("central differences", () => {
  const layers: readonly (readonly [string, nn.Layer, Shape])[] = [
    ["batch norm", new nn.BatchNorm2d(2), [2, 2, 2, 3]],
    ["batch norm of two axes", new nn.BatchNorm1d(3), [5, 3]],
    ["batch norm in evaluation", new nn.BatchNorm2d(2).eval(), [2, 2, 2, 3]],
    ["group norm", new nn.GroupNorm(2, 4), [2, 4, 3]],
    ["instance norm", new nn.InstanceNorm2d(2, { affine: true }), [2, 2, 2, 3]],
    ["layer norm", new nn.LayerNorm([2, 4]), [3, 2, 4]],
  ];
  test.each(layers)("%s", async (_name, layer, shape) => {
    const wave = (length: number, by: number) => Float32Array.from({ length }, (_, at) => 1.5 * Math.sin(by * at + 1));
    const leaves = [
      parameter(wave(sizeOf(shape), 1.7), shape),
      ...layer.parameters().map((each) => parameter(wave(each.numel, 0.9), each.shape)),
    ];
    const names = Array.from(layer.namedParameters(), ([name]) => name);
    const loss = (values: readonly Tensor[]): Tensor => {
      const [input, ...rest] = values;
      for (const [at, name] of names.entries()) Object.assign(layer, { [name]: rest[at] });
      if (input === undefined) throw new Error("no input");
      const output = layer.forward(input);
      return output.mul(output.newTensor(wave(output.numel, 2.3), output.shape)).sum();
    };
    const step = 1 / 64;
    const moved = leaves.flatMap((leaf, at) =>
      Array.from({ length: leaf.numel }, (_, element) =>
        [step, -step].map((by) => {
          const nudged = Float32Array.from(toNumbers(leaf.value), (value, each) => value + (each === element ? by : 0));
          return loss(leaves.map((each, other) => (other === at ? parameter(nudged, each.shape) : each)));
        }),
      ).flat(),
    );
    const gradients = grad(loss(leaves), leaves).map((gradient) => gradient ?? leaves[0]?.mul(Number.NaN));
    const results = await evaluate([...gradients.filter((each) => each !== undefined), ...moved]);
    const analytic = results.slice(0, leaves.length).flatMap((data) => Array.from(data, Number));
    const losses = results.slice(leaves.length).map((data) => Number(data[0]));
    for (const [at, value] of analytic.entries()) {
      const numeric = ((losses[2 * at] ?? 0) - (losses[2 * at + 1] ?? 0)) / (2 * step);
      // h^2 / 6 of third derivatives, and roundings of losses up to 20 over 2 h.
      expect(Math.abs(value - numeric)).toBeLessThan(3e-3 * Math.max(1, Math.abs(value)));
    }
  });
});

const whole = (min: number, max: number) => fc.integer({ min, max });

test("whatever the shape rules accept is computed, with gradients of all shapes", async () => {
  const call = fc.record({
    kind: fc.constantFrom("batch", "group", "instance", "layer"),
    batch: whole(0, 3),
    inGroup: whole(1, 3),
    groups: whole(1, 3),
    rest: fc.array(whole(1, 4), { maxLength: 2 }),
    affine: fc.boolean(),
    evaluate: fc.boolean(),
  });
  let computed = 0;
  await fc.assert(
    fc.asyncProperty(call, async ({ kind, batch, inGroup, groups, rest, affine, evaluate: evaluation }) => {
      const channels = inGroup * groups;
      const shape = [batch, channels, ...rest];
      const layer: nn.Layer =
        kind === "batch"
          ? new (rest.length === 2 ? nn.BatchNorm2d : nn.BatchNorm1d)(channels, { affine })
          : kind === "group"
            ? new nn.GroupNorm(groups, channels, { affine })
            : kind === "instance"
              ? new nn.InstanceNorm2d(channels, { affine, trackRunningStats: evaluation })
              : new nn.LayerNorm(shape.slice(1), { elementwiseAffine: affine });
      layer.train(!evaluation);
      const input = parameter(
        Float32Array.from({ length: sizeOf(shape) }, (_, at) => Math.sin(3 * at)),
        shape,
      );
      const leaves = [input, ...layer.parameters()];
      let output: Tensor;
      try {
        output = layer.forward(input);
      } catch (error) {
        // What is refused here PyTorch refuses too: the fixture's refusals.
        expect(error).toBeInstanceOf(TensorError);
        expect(String(error)).toMatch(/one value|axes/);
        return;
      }
      const gradients = grad(output.mul(output).mul(output).sum(), leaves);
      const results = await evaluate([output, ...gradients.map((each, at) => each ?? leaves[at]?.mul(0) ?? output)]);
      expect(results[0]?.length).toBe(output.numel);
      for (const [at, leaf] of leaves.entries()) expect(results[at + 1]?.length).toBe(leaf.numel);
      if (batch > 0)
        for (const data of results) expect(data.every((value) => Number.isFinite(Number(value)))).toBe(true);
      computed++;
    }),
    { numRuns: 300, seed: 6 },
  );
  expect(computed).toBeGreaterThan(150);
});

test.each<[string, nn.Layer, Shape]>([
  ["BatchNorm2d", new nn.BatchNorm2d(3), [3, 4, 5]],
  ["BatchNorm2d without statistics", new nn.BatchNorm2d(3, { trackRunningStats: false }), [3, 4, 5]],
  ["BatchNorm1d", new nn.BatchNorm1d(6), [6]],
  ["GroupNorm", new nn.GroupNorm(2, 6), [6, 4, 5]],
  ["InstanceNorm2d", new nn.InstanceNorm2d(3), [3, 4, 5]],
  ["LayerNorm", new nn.LayerNorm([4, 5]), [3, 4, 5]],
])("%s exports with an open batch", async (_name, layer, sample) => {
  await expectSameAsFile(layer, sample);
});
