/** What the tests of modules share: calls of modules as the fixtures of fixtures/layers.py describe them. */
import { expectNear, type Tolerance } from "@ml-mosaic/testing";
import { describe, expect, test } from "vitest";
import { TensorError } from "../src/errors.ts";
import { grad } from "../src/graph/gradient.ts";
import { onnxModel } from "../src/io/onnx-file.ts";
import type { Layer } from "../src/nn/module.ts";
import { executorNames } from "../src/program/executor.ts";
import { createSession } from "../src/runtime/session.ts";
import { type Shape, sizeOf } from "../src/shape.ts";
import { constant, type Tensor } from "../src/tensor.ts";
import { parameter } from "../src/variable.ts";
import { required } from "./fixtures.ts";
import { type Comparison, opNamesOf as namesOf, problemsOf } from "./torch-cases.ts";

export interface Given {
  readonly shape: Shape;
  readonly data: readonly number[];
}

/** A module's constructor arguments as they are in the fixture. */
export type Arguments = readonly unknown[];
export type Make = (...args: Arguments) => Layer;
type LayerClass = new (...args: never) => Layer;

export interface LayerCall {
  readonly module: string;
  readonly args: Arguments;
}

export interface LayerCase extends LayerCall {
  readonly evaluate: boolean;
  readonly input: Given;
  readonly state: Readonly<Record<string, Given>>;
  /** Of PyTorch's state dict. */
  readonly names: readonly string[];
  readonly output: Given;
  readonly weights: readonly number[];
  /** By parameter; of the input under "". */
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  /** Gradients of the sum of the input's gradient times weights. */
  readonly second?: {
    readonly weights: readonly number[];
    readonly gradients: Readonly<Record<string, readonly number[]>>;
  };
}

export interface LayerFixture {
  readonly cases: readonly LayerCase[];
  readonly refusals: readonly (LayerCall & { readonly shape: Shape; readonly mentions: readonly string[] })[];
}

export function showCall({ module, args }: LayerCall, shape: Shape): string {
  return `${module}(${args.map((each) => JSON.stringify(each)).join(", ")}) of [${shape}]`;
}

/** Relative to the largest element. */
export function near(tolerance: number): Tolerance {
  return { ofLargest: tolerance, leastLargest: 1 };
}

/** The fixture's arguments are those of the constructors, some of them wrong on purpose: no type says so. */
export function makersOf(layers: Readonly<Record<string, LayerClass>>): ReadonlyMap<string, Make> {
  return new Map(Object.entries(layers).map(([name, layer]) => [name, (...args) => Reflect.construct(layer, args)]));
}

/** What a case says of the module that `make` makes. */
function comparisonOf(each: LayerCase, make: Make, tolerance: number): Comparison {
  const layer = make(...each.args).train(!each.evaluate);
  layer.loadStateDict(
    new Map(
      Object.entries(each.state).map(([name, { data, shape }]) => [
        name,
        { data: Float32Array.from(data), shape, dtype: "float32" as const },
      ]),
    ),
    { strict: false },
  );
  const input = parameter(Float32Array.from(each.input.data), each.input.shape);
  const output = layer.forward(input);
  const leaves = new Map<string, Tensor>([["", input], ...layer.namedParameters()]);
  const weighted = (tensor: Tensor, weights: readonly number[]) =>
    tensor.mul(tensor.newTensor(weights, tensor.shape)).sum();
  const found = grad(weighted(output, each.weights), [...leaves.values()]);
  const wanted = [{ what: "output", tensor: output, values: each.output.data, allowed: near(tolerance) }];
  const expectAll = (
    what: string,
    all: Readonly<Record<string, readonly number[]>>,
    tensors: readonly (Tensor | undefined)[],
    allowed: number,
  ) => {
    for (const [index, name] of [...leaves.keys()].entries()) {
      const expected = all[name] ?? [];
      const tensor = tensors[index] ?? output.newFull([expected.length], 0);
      wanted.push({
        what: `${what} ${name === "" ? "input" : name}`,
        tensor,
        values: expected,
        allowed: near(allowed),
      });
    }
  };
  expectAll("gradient of", each.gradients, found, tolerance);
  if (each.second !== undefined && found[0] !== undefined) {
    const second = grad(weighted(found[0], each.second.weights), [...leaves.values()]);
    expectAll("second gradient of", each.second.gradients, second, 10 * tolerance);
  }
  const problems: string[] = [];
  if (`${output.shape}` !== `${each.output.shape}`) problems.push(`the shape is [${output.shape}]`);
  const names = [...layer.stateDict().keys()];
  if (`${names}` !== `${each.names}`) problems.push(`the state has ${names}, not ${each.names}`);
  return { wanted, problems };
}

/** The ops that a case computes with, forward and backward. */
function opNamesOf(each: LayerCase, make: Make): readonly string[] {
  const layer = make(...each.args).train(!each.evaluate);
  const input = parameter(Float32Array.from(each.input.data), each.input.shape);
  const output = layer.forward(input);
  const gradients = grad(output.mul(output).sum(), [input, ...layer.parameters()]);
  return [...namesOf([output, ...gradients.filter((gradient) => gradient !== undefined)])];
}

/** Tests for each module, whose cases are computed together, and for what has to be refused. */
export function layerCases(
  { cases, refusals }: LayerFixture,
  makers: ReadonlyMap<string, Make>,
  toleranceOf: (each: LayerCase) => number,
): void {
  describe.each(executorNames)("as PyTorch, on %s", (executor) => {
    test.each([...makers])("%s", async (name, make) => {
      const own = cases.filter(({ module }) => module === name);
      expect(own.length).toBeGreaterThan(4);
      const found = await problemsOf(
        own.map((each) => () => comparisonOf(each, make, toleranceOf(each))),
        executor,
      );
      const wrong = own.flatMap((each, index) => {
        const problems = found[index] ?? [];
        return problems.length === 0 ? [] : [`${showCall(each, each.input.shape)}: ${problems.join("; ")}`];
      });
      if (wrong.length > 0) expect.fail(wrong.join("\n"));
    });
  });

  describe("refused, as PyTorch does", () => {
    test.each(refusals.map((each, at) => [`${at}: ${showCall(each, each.shape)}`, each] as const))(
      "%s",
      (_title, { module, args, shape, mentions }) => {
        const attempt = () =>
          required(makers.get(module))(...args).forward(constant(new Float32Array(sizeOf(shape)), shape, "float32"));
        expect(attempt).toThrow(TensorError);
        for (const text of mentions) expect(attempt).toThrow(text);
      },
    );
  });
}

/** Ops among `ops` that no case computes with. */
export function uncovered(
  ops: readonly { readonly name: string }[],
  { cases }: LayerFixture,
  makers: ReadonlyMap<string, Make>,
): readonly string[] {
  const used = new Set(cases.flatMap((each) => [...opNamesOf(each, required(makers.get(each.module)))]));
  return ops.map(({ name }) => name).filter((name) => !used.has(name));
}

/** The exported file gives, for batches of several sizes, what the layer does. */
export async function expectSameAsFile(layer: Layer, sample: Shape): Promise<void> {
  layer.eval();
  const bytes = onnxModel({
    inputs: { x: { shape: [1, ...sample] } },
    build: (inputs) => ({ y: layer.forward(inputs("x")) }),
  });
  const session = await createSession(bytes, bytes.length);
  for (const batch of [1, 3]) {
    const shape = [batch, ...sample];
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, index) => Math.sin(index) * 2);
    const { y } = await session.run({ x: { data, shape, dtype: "float32" } });
    const expected = await layer.forward(constant(data, shape, "float32")).data();
    expectNear(y ?? [], Array.from(expected, Number), near(1e-6));
  }
  session.release();
}
