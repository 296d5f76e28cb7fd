/** Normalising modules against PyTorch in float64 (fixtures/normalization.py) and against central differences. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toNumbers } from "../dtype.ts";
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
import {
  difference,
  expectSameAsFile,
  type Given,
  type LayerCall,
  type LayerCase,
  type LayerRefusal,
  type Make,
  opNamesOf,
  problemsOf,
  refusalOf,
  showCall,
} from "./layer-cases.ts";

interface Training extends LayerCall {
  readonly samples: Given;
  readonly weights: readonly number[];
  readonly twice: boolean;
  readonly batches: readonly (readonly number[])[];
  readonly steps: readonly { readonly loss: number; readonly state: Readonly<Record<string, readonly number[]>> }[];
  /** Of the first two samples, after the last step, in evaluation. */
  readonly evaluated: readonly number[];
}

const fixture: {
  readonly cases: readonly LayerCase[];
  readonly trainings: readonly Training[];
  readonly refusals: readonly LayerRefusal[];
} = JSON.parse(readFileSync(new URL("../../fixtures/normalization.json", import.meta.url), "utf8"));

// The fixture's arguments are those of the constructors, some of them wrong on purpose: no type says so.
const make: Readonly<Record<string, Make>> = Object.fromEntries(
  Object.entries({
    BatchNorm1d: nn.BatchNorm1d,
    BatchNorm2d: nn.BatchNorm2d,
    GroupNorm: nn.GroupNorm,
    InstanceNorm2d: nn.InstanceNorm2d,
    LayerNorm: nn.LayerNorm,
  }).map(([name, layer]): [string, Make] => [name, (...args) => Reflect.construct(layer, args)]),
);

function maker(name: string): Make {
  const found = make[name];
  if (found === undefined) throw new Error(`the fixture calls ${name}`);
  return found;
}

/** Sums of up to a hundred float32 products, relative to the largest element. */
const tolerance = 1e-5;
/**
 * Of numbers near 64, which float32 holds to 4e-6 where their spread is 1; and of groups of one or two, whose gradients
 * are differences of numbers up to 1 / sqrt(eps) times as large.
 */
const cancellingTolerance = 5e-4;

describe("as PyTorch", () => {
  test.each(Object.keys(make))("%s", async (name) => {
    const cases = fixture.cases.filter(({ module }) => module === name);
    expect(cases.length).toBeGreaterThan(20);
    const wrong: string[] = [];
    for (const each of cases) {
      const { data, shape } = each.input;
      const shifted = data.length > 0 && data.every((value) => value > 60);
      const few = name === "GroupNorm" && data.length <= 2 * (shape[0] ?? 1) * Number(each.args[0]);
      const found = await problemsOf(each, maker(name), shifted || few ? cancellingTolerance : tolerance).catch(
        (error: unknown) => [String(error)],
      );
      if (found.length > 0)
        wrong.push(`${showCall(each, each.input.shape)}${each.evaluate ? " eval" : ""}: ${found.join("; ")}`);
    }
    if (wrong.length > 0) expect.fail(wrong.join("\n"));
  });
});

test("the fixture covers every op", () => {
  const ops = [...Object.values(normalizationOps)];
  const used = fixture.cases.flatMap((each) => opNamesOf(each, maker(each.module)));
  expect(ops.map(({ name }) => name).filter((name) => !used.includes(name))).toEqual([]);
});

describe("refused, as PyTorch does", () => {
  test.each(fixture.refusals.map((each, at) => [`${at}: ${showCall(each, each.shape)}`, each] as const))(
    "%s",
    (_title, { module, args, shape, mentions }) => {
      const message = refusalOf(() =>
        maker(module)(...args).forward(constant(new Float32Array(sizeOf(shape)), shape, "float32")),
      );
      for (const text of mentions) expect(message).toContain(text);
    },
  );
});

describe("training follows PyTorch's, running statistics included", () => {
  test.each(fixture.trainings.map((each, at) => [`${at}: ${showCall(each, each.samples.shape)}`, each] as const))(
    "%s",
    async (_title, { module, args, samples, weights, twice, batches, steps, evaluated }) => {
      const layer = maker(module)(...args);
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
        expect(difference("loss", result.values.loss ?? [], [expected.loss], 1e-5)).toEqual([]);
        expect([...layer.stateDict().keys()]).toEqual(Object.keys(expected.state));
        for (const [name, { data }] of layer.stateDict())
          expect(difference(`${name} after step ${index}`, data, expected.state[name] ?? [], 1e-5)).toEqual([]);
      }
      program.release();
      layer.eval();
      const shape = [2, ...samples.shape.slice(1)];
      const output = layer.forward(constant(Float32Array.from(samples.data.slice(0, sizeOf(shape))), shape, "float32"));
      expect(difference("evaluation", await output.data(), evaluated, 2e-5)).toEqual([]);
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
    for (const [at, expected] of alone.entries())
      expect(difference("it", together[at] ?? [], expected, 1e-6)).toEqual([]);
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
        expect(
          refusalOf(() => layer.forward(input)),
          String(error),
        ).toMatch(/one value|axes/);
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
