/** Operations along one axis that order or accumulate its elements: topk (and by it sort), cumsum. */
import { allocate } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { lengthAt, showShape } from "../shape.ts";
import { apply } from "../tensor.ts";
import { defineOp, type Emitter, inputAt, type Op, type TensorType, type Value } from "./op.ts";

export type TopKAttributes = {
  readonly axis: number;
  readonly k: number;
  readonly largest: boolean;
  readonly sorted: boolean;
};

function checkTopK(inputs: readonly TensorType[], { axis, k }: TopKAttributes): TensorType {
  const { shape, dtype } = inputAt(inputs, 0);
  const size = lengthAt(shape, axis);
  if (!Number.isInteger(k) || k < 0 || k > size)
    throw new TensorError(
      "TENSOR_SHAPE",
      `topk: k is ${k}; it must be a whole number from 0 to ${size}, the size of axis ${axis} of ${showShape(shape)}`,
    );
  if (dtype === "bool") throw new TensorError("TENSOR_DTYPE", 'topk orders no bool; convert it with .to("int32")');
  return { shape: shape.map((length, each) => (each === axis ? k : length)), dtype };
}

/** Nothing to order, which ONNX Runtime's TopK divides by. */
function emitNothing(emitter: Emitter, { shape, dtype }: TensorType): string | undefined {
  return shape.includes(0) ? emitter.constant(allocate(dtype, 0), shape) : undefined;
}

/** The one ONNX node behind values and indices. */
function emitTopK(emitter: Emitter, inputs: readonly Value[], attributes: TopKAttributes): readonly string[] {
  const { name } = inputAt(inputs, 0);
  const { axis, k, largest, sorted } = attributes;
  return emitter.nodeOnce(
    `${name}${JSON.stringify(attributes)}`,
    "TopK",
    [name, emitter.constant(BigInt64Array.of(BigInt(k)), [1])],
    { axis, largest: largest ? 1 : 0, sorted: sorted ? 1 : 0 },
    2,
  );
}

/** The k largest or smallest elements along one axis; of those that tie, the first ones. */
export const topkValues: Op<TopKAttributes> = defineOp<TopKAttributes>({
  name: "topkValues",
  infer: checkTopK,
  gradient({ inputs, attributes, gradient }) {
    const input = inputAt(inputs, 0);
    return [input.zerosLike().scatterAdd(attributes.axis, apply(topkIndices, inputs, attributes), gradient)];
  },
  emit: (emitter, inputs, attributes, output) =>
    emitNothing(emitter, output) ?? inputAt(emitTopK(emitter, inputs, attributes), 0),
});

/** Where `topkValues` are. */
export const topkIndices: Op<TopKAttributes> = defineOp<TopKAttributes>({
  name: "topkIndices",
  infer: (inputs, attributes) => ({ shape: checkTopK(inputs, attributes).shape, dtype: "int64" }),
  emit: (emitter, inputs, attributes, output) =>
    emitNothing(emitter, output) ?? inputAt(emitTopK(emitter, inputs, attributes), 1),
});

/** Sums of all elements up to each one along an axis; `reverse`: from each one on. */
export const cumsum: Op<{ axis: number; reverse: boolean }> = defineOp<{ axis: number; reverse: boolean }>({
  name: "cumsum",
  infer: (inputs) => inputAt(inputs, 0),
  gradient: ({ gradient, attributes: { axis, reverse } }) => [apply(cumsum, [gradient], { axis, reverse: !reverse })],
  emit: (emitter, inputs, { axis, reverse }) =>
    emitter.node("CumSum", [inputAt(inputs, 0).name, emitter.constant(BigInt64Array.of(BigInt(axis)), [])], {
      reverse: reverse ? 1 : 0,
    }),
});
