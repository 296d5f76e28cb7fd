import { expect, test } from "vitest";
import { Generator, nn, optim, type Tensor, tensor } from "../index.ts";
import { type Parameter, parameter } from "../variable.ts";
import { compileEvaluation } from "./evaluation-program.ts";
import { compileTraining, type SinglePhaseOptions } from "./training-program.ts";
import type { UpdateOptions } from "./update.ts";

interface Case extends UpdateOptions {
  readonly weight?: number;
  readonly factor?: number;
  readonly input?: number;
  readonly optimizer?: optim.Optimizer;
  readonly isFrozen?: boolean;
  readonly own?: optim.Optimizer;
  /** Which parameter that is for. */
  readonly ownFor?: "w" | "b";
  readonly executor?: SinglePhaseOptions["executor"];
}

/** Two weights after two steps of training w x f + b towards 0, x = 1 and b = 0, and the loss that is evaluated then. */
async function trained({ weight = 1, factor = 1, input = 1, isFrozen = false, own, ownFor = "b", ...options }: Case) {
  const w = parameter(Float32Array.of(weight), [1]);
  const b = parameter(Float32Array.of(0), [1]);
  b.requiresGrad = !isFrozen;
  const step = ([x]: readonly Tensor[]) => {
    const y = (x ?? tensor(0)).mul(w).mul(factor).add(b);
    return { loss: y.mul(y).sum() };
  };
  const fields = [{ data: Float32Array.of(input), shape: [1, 1], dtype: "float32" as const }];
  const given = { fields, batchSize: 1, executor: options.executor ?? ("wasm" as const) };
  const { optimizer = optim.SGD({ lr: 0.25 }) } = options;
  const groups = own === undefined ? [] : [{ parameters: [ownFor === "b" ? b : w], optimizer: own }];
  const program = await compileTraining({ ...given, ...options, optimizer, groups, parameters: [w, b], step });
  const evaluation = compileEvaluation({ ...given, layout: program.layout, step });
  const chunk = { batchSize: 1, generator: new Generator(0) };
  const { state } = await program.run(program.initialState, { ...chunk, rows: Int32Array.of(0, 0) });
  const { loss } = await evaluation.run(state, { ...chunk, rows: Int32Array.of(0) });
  program.store(state);
  program.release();
  evaluation.release();
  return [w.value[0], b.value[0], loss?.[0]].map(Number);
}

const half = optim.SGD({ lr: 0.5 });

// By hand: the gradient of w is 2 (w f x + b) f x, that of b is 2 (w f x + b).
test.each<[string, Case, number[]]>([
  ["one to begin with", {}, [0.5, -0.5, 0]],
  ["other values", { weight: 2 }, [1, -1, 0]],
  ["other samples", { input: 0.5, weight: 2 }, [1.65625, -0.6875, 0.019775390625]],
  ["another rate", { optimizer: optim.SGD({ lr: 0.125 }) }, [0.625, -0.375, 0.0625]],
  ["a factor in the step", { factor: 0 }, [1, 0, 0]],
  ["a factor of another sign", { factor: -1 }, [0.5, 0.5, 0]],
  ["a frozen parameter, whose value is a constant of the program", { isFrozen: true }, [0.25, 0, 0.0625]],
  ["a frozen parameter and another value", { isFrozen: true, weight: 4 }, [1, 0, 1]],
  ["weight decay", { optimizer: optim.SGD({ lr: 0.25, weightDecay: 1 }) }, [0.3125, -0.25, 0.00390625]],
  ["momentum", { optimizer: optim.SGD({ lr: 0.25, momentum: 0.5 }) }, [0.25, -0.75, 0.25]],
  ["another momentum", { optimizer: optim.SGD({ lr: 0.25, momentum: 1 }) }, [0, -1, 1]],
  ["limited gradients", { clipValue: 1 }, [0.5, -0.5, 0]],
  ["gradients that are limited more", { clipValue: 0.5 }, [0.75, -0.25, 0.25]],
  ["one step of two batches", { accumulate: 2 }, [0.5, -0.5, 0]],
  ["one step of three batches", { accumulate: 3 }, [1, 0, 1]],
  ["a group with the optimizer of all", { optimizer: half, own: half }, [1, 0, 1]],
  ["an optimizer of its own", { own: optim.SGD({ lr: 0.5 }) }, [0.75, -0.5, 0.0625]],
  ["an optimizer of the other parameter's own", { own: optim.SGD({ lr: 0.5 }), ownFor: "w" }, [0.5, -0.25, 0.0625]],
  ["one to begin with, again", {}, [0.5, -0.5, 0]],
])("programs that are alike have what is theirs: %s", async (_, given, expected) => {
  expect(await trained(given)).toEqual(expected);
});

test("those of ONNX Runtime too", async () => {
  expect(await trained({ executor: "onnx", weight: 2 })).toEqual([1, -1, 0]);
  expect(await trained({ executor: "onnx", weight: 4, isFrozen: true })).toEqual([1, 0, 1]);
});

/** Two weights after a step of two phases with the losses x + 2 y and 10 x + 20 y of them. */
async function inPhases(choose: (w: Parameter, v: Parameter) => Record<"a" | "b" | "inB", readonly Parameter[]>) {
  const [w, v] = [parameter(Float32Array.of(0), [1]), parameter(Float32Array.of(0), [1])];
  const { a, b, inB } = choose(w, v);
  const phase = (parameters: readonly Parameter[], factor: number, [x = w, y = v]: readonly Parameter[] = []) => ({
    parameters,
    optimizer: optim.SGD({ lr: 1 }),
    step: ([one]: readonly Tensor[]) => ({
      loss: x
        .add(y.mul(2))
        .mul(factor)
        .mul(one ?? 1)
        .sum(),
    }),
  });
  const program = await compileTraining({
    fields: [{ data: Float32Array.of(1), shape: [1, 1], dtype: "float32" }],
    batchSize: 1,
    executor: "wasm",
    phases: { a: phase(a, 1), b: phase(b, 10, inB) },
  });
  const chunk = { batchSize: 1, generator: new Generator(0), rows: Int32Array.of(0) };
  const { state } = await program.run(program.initialState, chunk);
  program.store(state);
  program.release();
  return [w.value[0], v.value[0]];
}

test("phases that differ in whose turn a parameter has", async () => {
  expect(await inPhases((w, v) => ({ a: [w, v], b: [w, v], inB: [w, v] }))).toEqual([-11, -22]);
  expect(await inPhases((w, v) => ({ a: [w, v], b: [w, v], inB: [v, w] }))).toEqual([-21, -12]);
  expect(await inPhases((w, v) => ({ a: [w], b: [w, v], inB: [w, v] }))).toEqual([-11, -20]);
  expect(await inPhases((w, v) => ({ a: [w, v], b: [w], inB: [w, v] }))).toEqual([-11, -2]);
  expect(await inPhases((w, v) => ({ a: [v], b: [w, v], inB: [w, v] }))).toEqual([-10, -22]);
});

test("at the same time", async () => {
  const both = await Promise.all([trained({ weight: 2 }), trained({ weight: 4 }), trained({ weight: 8 })]);
  expect(both).toEqual([
    [1, -1, 0],
    [2, -2, 0],
    [4, -4, 0],
  ]);
});

test("two that differ in what they draw draw it", async () => {
  const draw = async (before: number) => {
    const w = parameter(Float32Array.of(1), [1]);
    const dropout = new nn.Dropout(0.5);
    const program = await compileTraining({
      fields: [{ data: new Float32Array(64).fill(1), shape: [64, 1], dtype: "float32" }],
      batchSize: 64,
      executor: "wasm",
      optimizer: optim.SGD({ lr: 1 }),
      parameters: [w],
      step([x = tensor(0)]) {
        for (let index = 0; index < before; index++) dropout.forward(x);
        return { loss: dropout.forward(x.mul(w)).mean() };
      },
    });
    const rows = Int32Array.from({ length: 64 }, (_, row) => row);
    const { values } = await program.run(program.initialState, { batchSize: 64, generator: new Generator(0), rows });
    program.release();
    return values.loss?.[0];
  };
  const first = await draw(0);
  expect(await draw(1)).not.toBe(first);
  expect(await draw(0)).toBe(first);
});
