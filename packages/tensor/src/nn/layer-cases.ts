/** What the tests of modules share: calls of modules as the fixtures of fixtures/layers.py describe them. */
import { expect } from "vitest";
import { TensorError } from "../errors.ts";
import { grad } from "../graph/gradient.ts";
import { topologicalOrder } from "../graph/order.ts";
import { onnxModel } from "../io/onnx-file.ts";
import { evaluate } from "../runtime/evaluate.ts";
import { createSession } from "../runtime/session.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { constant, type Tensor } from "../tensor.ts";
import { parameter } from "../variable.ts";
import type { Layer } from "./module.ts";

export interface Given {
  readonly shape: Shape;
  readonly data: readonly number[];
}

/** A module's constructor arguments as they are in the fixture. */
export type Arguments = readonly unknown[];
export type Make = (...args: Arguments) => Layer;

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

export interface LayerRefusal extends LayerCall {
  readonly shape: Shape;
  readonly mentions: readonly string[];
}

export function showCall({ module, args }: LayerCall, shape: Shape): string {
  return `${module}(${args.map((each) => JSON.stringify(each)).join(", ")}) of [${shape}]`;
}

/** The first difference, relative to the largest element, in words. */
export function difference(
  what: string,
  actual: ArrayLike<number | bigint>,
  expected: readonly number[],
  tolerance: number,
): string[] {
  if (actual.length !== expected.length) return [`${what} has ${actual.length} elements, not ${expected.length}`];
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const at = expected.findIndex((value, index) => !(Math.abs(Number(actual[index]) - value) <= tolerance * largest));
  return at < 0 ? [] : [`${what} is ${actual[at]} at ${at}, not ${expected[at]}`];
}

/** What is wrong with a case, in words. */
export async function problemsOf(each: LayerCase, make: Make, tolerance: number): Promise<string[]> {
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
  const wanted: [string, Tensor, readonly number[], number][] = [["output", output, each.output.data, tolerance]];
  const expectAll = (
    what: string,
    all: Readonly<Record<string, readonly number[]>>,
    tensors: readonly (Tensor | undefined)[],
    allowed: number,
  ) => {
    for (const [index, name] of [...leaves.keys()].entries()) {
      const expected = all[name] ?? [];
      const tensor = tensors[index] ?? output.newFull([expected.length], 0);
      wanted.push([`${what} ${name === "" ? "input" : name}`, tensor, expected, allowed]);
    }
  };
  expectAll("gradient of", each.gradients, found, tolerance);
  if (each.second !== undefined && found[0] !== undefined) {
    const second = grad(weighted(found[0], each.second.weights), [...leaves.values()]);
    expectAll("second gradient of", each.second.gradients, second, 10 * tolerance);
  }
  const results = await evaluate(wanted.map(([, tensor]) => tensor));
  const problems = wanted.flatMap(([what, , expected, allowed], index) =>
    difference(what, results[index] ?? [], expected, allowed),
  );
  if (`${output.shape}` !== `${each.output.shape}`) problems.push(`the shape is [${output.shape}]`);
  const names = [...layer.stateDict().keys()];
  if (`${names}` !== `${each.names}`) problems.push(`the state has ${names}, not ${each.names}`);
  return problems;
}

/** The ops that a case computes with, forward and backward. */
export function opNamesOf(each: LayerCase, make: Make): string[] {
  const layer = make(...each.args).train(!each.evaluate);
  const input = parameter(Float32Array.from(each.input.data), each.input.shape);
  const output = layer.forward(input);
  const gradients = grad(output.mul(output).sum(), [input, ...layer.parameters()]);
  const all = topologicalOrder([output, ...gradients.filter((gradient) => gradient !== undefined)]);
  return [...new Set(all.flatMap(({ op }) => (op === undefined ? [] : [op.name])))];
}

/** What a call throws, where it is what it should throw: the message. */
export function refusalOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof TensorError) return error.message;
    throw error;
  }
  return "nothing was refused";
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
    expect(difference("the file's output", y ?? [], Array.from(expected, Number), 1e-6)).toEqual([]);
  }
  session.release();
}
