/** Operations along one axis that order or accumulate its elements: topk (and by it sort), cumsum. */
import { allocate } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { lengthAt, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { constantIndex, divided, type Index, plus, shifted, times } from "../wasm/indices.ts";
import {
  apply,
  convert,
  type Kind,
  kindOf,
  type Nest,
  nest,
  number,
  type Operand,
  reduce,
  type Stages,
  when,
  within,
} from "../wasm/loops.ts";
import { orderLoops } from "../wasm/sorting.ts";
import { gather, scatterAdd } from "./indexing.ts";
import { emitLongCumsum, isLongSum } from "./long-sums.ts";
import { emitNaNAs } from "./nan.ts";
import { defineOp, type Emitter, type Input, type TensorType, type Value } from "./op.ts";

export type TopKAttributes = {
  readonly axis: number;
  readonly k: number;
  readonly largest: boolean;
  readonly sorted: boolean;
};

function checkTopK([{ shape, dtype }]: readonly [x: TensorType], { axis, k }: TopKAttributes): TensorType {
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
  return shape.includes(0) ? emitter.constant(allocate(dtype, 0), shape, dtype) : undefined;
}

/**
 * The one ONNX node behind values and indices. Of NaN it would make any order, also of the numbers around: these count as
 * infinity, and values are read again.
 */
function emitTopK(emitter: Emitter, x: Value, attributes: TopKAttributes) {
  const { name } = x;
  const { axis, k, largest, sorted } = attributes;
  const ordered = emitNaNAs(emitter, x, Number.POSITIVE_INFINITY);
  const key = `${name}${JSON.stringify(attributes)}`;
  const { values, indices } = emitter.nodesOnce(
    key,
    "TopK",
    [ordered, emitter.constant(BigInt64Array.of(BigInt(k)), [1])],
    { axis, largest: largest ? 1 : 0, sorted: sorted ? 1 : 0 },
    ["values", "indices"],
  );
  return {
    values: ordered === name ? values : emitter.nodeOnce(key, "GatherElements", [name, indices], { axis }),
    indices,
  };
}

/** The k largest or smallest elements along one axis; of those that tie, the first ones. */
export const topkValues = defineOp<TopKAttributes, [x: Input]>({
  name: "topkValues",
  infer: checkTopK,
  gradient: ({ inputs: [x], attributes, gradient }) => [
    x.zerosLike().apply(scatterAdd, [x.apply(topkIndices, [], attributes), gradient], { axis: attributes.axis }),
  ],
  emit: (emitter, [x], attributes, output) => emitNothing(emitter, output) ?? emitTopK(emitter, x, attributes).values,
  composed: ([x], attributes) => x.apply(gather, [x.apply(topkIndices, [], attributes)], { axis: attributes.axis }),
});

/** Where `topkValues` are. */
export const topkIndices = defineOp<TopKAttributes, [x: Input]>({
  name: "topkIndices",
  infer: (inputs, attributes) => ({ shape: checkTopK(inputs, attributes).shape, dtype: "int64" }),
  emit: (emitter, [x], attributes, output) => emitNothing(emitter, output) ?? emitTopK(emitter, x, attributes).indices,
  loops([x], { axis, largest }, output, { stages }) {
    const order = orderLoops(x, axis, largest ? "largest" : "smallest", stages);
    return nest(output, (outer) => convert("i64", order.at(outer)));
  },
});

/** Sums of all elements up to each one along an axis; `reverse`: from each one on. */
export const cumsum = defineOp<{ readonly axis: number; readonly reverse: boolean }, [x: Input]>({
  name: "cumsum",
  infer: ([x]) => x,
  gradient: ({ gradient, attributes: { axis, reverse } }) => [sumsFrom(gradient, axis, !reverse)],
  emit(emitter, [x], { axis, reverse }) {
    if (x.dtype === "float32" && isLongSum(emitter, x.shape, [axis]))
      return emitLongCumsum(emitter, x.name, x.shape, axis, reverse);
    return emitter.node("CumSum", [x.name, emitter.constant(BigInt64Array.of(BigInt(axis)), [])], {
      reverse: reverse ? 1 : 0,
    });
  },
  loops: ([x], { axis, reverse }, _output, { stages }) => sumsLoop(x, axis, reverse, stages),
});

/** So many elements are summed up anew for each sum; of a longer axis the sums of whole blocks come to that. */
const blockLength = 64;

function sumsLoop(x: Operand, axis: number, reverse: boolean, stages: Stages): Nest {
  const size = lengthAt(x.shape, axis);
  const kind = kindOf(x.dtype);
  const isLong = size > blockLength;
  const inner: Kind = isLong && kind === "f32" ? "f64" : kind;
  const blockOf = (position: readonly Index[]) => divided(position[axis] ?? constantIndex(0), blockLength);
  const ofBlock = (position: readonly Index[]) =>
    reduce("add", [Math.min(size, blockLength)], number(inner, 0), ([within_ = constantIndex(0)]) => {
      const [block, place] = isLong ? blockOf(position) : [constantIndex(0), position[axis] ?? constantIndex(0)];
      const each = plus(times(block, blockLength), within_);
      const distance = plus(within_, times(place, -1));
      const isIn = reverse ? within(distance, 0, blockLength) : within(distance, 1 - blockLength, 1);
      const added = when(isIn, convert(inner, x.at(position.with(axis, each))), number(inner, 0));
      return when(within(each, 0, size), added, number(inner, 0));
    });
  if (!isLong) return nest(x, ofBlock);
  const blocks = Math.ceil(size / blockLength);
  const totals = stages.add(
    nest({ shape: x.shape.with(axis, blocks), dtype: x.dtype }, (position) =>
      convert(
        kind,
        reduce("add", [blockLength], number(inner, 0), ([within_ = constantIndex(0)]) => {
          const each = plus(times(position[axis] ?? constantIndex(0), blockLength), within_);
          return when(within(each, 0, size), convert(inner, x.at(position.with(axis, each))), number(inner, 0));
        }),
      ),
    ),
  );
  const before = stages.add(sumsLoop(totals, axis, reverse, stages));
  return nest(x, (position) => {
    const other = shifted(blockOf(position)[0], reverse ? 1 : -1);
    const rest = when(within(other, 0, blocks), before.at(position.with(axis, other)), number(kind, 0));
    return convert(kind, apply("add", inner, ofBlock(position), convert(inner, rest)));
  });
}

function sumsFrom(gradient: Tensor, axis: number, reverse: boolean): Tensor {
  return gradient.apply(cumsum, [], { axis, reverse });
}
