import type { DType } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { lengthAt, reducedShape, showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { constantIndex, type Index } from "../wasm/indices.ts";
import {
  apply,
  call,
  convert,
  type Expression,
  type Kind,
  kindOf,
  type Nest,
  nest,
  number,
  type Operand,
  type Operator,
  position,
  reduce,
  type Stages,
  select,
  sum as sumOf,
} from "../wasm/loops.ts";
import { emitInt64Product, emitInt64Sum } from "./int64.ts";
import { emitLongSum, isLongSum } from "./long-sums.ts";
import { emitNaNAs } from "./nan.ts";
import { defineOp, type Emitter, type Input, type TensorType, type Value } from "./op.ts";

/** Positive sorted axes; the output drops them unless `keepdim`. */
export type ReduceAttributes = { readonly axes: readonly number[]; readonly keepdim: boolean };

/** Since version 18 all reductions take their axes as an input; before that only the sum did. */
export function emitReduce(
  emitter: Emitter,
  onnx: string,
  input: string,
  axes: readonly number[],
  keepdim: boolean,
): string {
  const keepdims = keepdim ? 1 : 0;
  if (onnx !== "ReduceSum" && emitter.opset < 18) return emitter.node(onnx, [input], { axes, keepdims });
  return emitter.node(onnx, [input, emitter.constant(BigInt64Array.from(axes, BigInt), [axes.length])], { keepdims });
}

/** Puts the reduced axes back as size 1, so that the result broadcasts against the input. */
function restore(reduced: Tensor, input: Tensor, { axes }: ReduceAttributes): Tensor {
  return reduced.reshape(reducedShape(input.shape, axes, true));
}

/**
 * A reduction as a loop: over the axes, of a result that has or has not kept them.
 */
function reductionLoop(
  x: Operand,
  { axes, keepdim }: ReduceAttributes,
  output: TensorType,
  { operator, start }: { readonly operator: Operator; readonly start: number },
  after: (total: Expression) => Expression = (total) => total,
): Nest {
  const kind = kindOf(x.dtype);
  const sizes = axes.map((axis) => lengthAt(x.shape, axis));
  return nest(output, (outer) => {
    const element = (reduced: readonly Index[]) => x.at(inPlaces(x.shape.length, axes, keepdim, outer, reduced));
    const total =
      operator === "add"
        ? sumOf(kind, sizes, element)
        : reduce(operator, sizes, number(kind, startOf(kind, start)), element);
    return convert(kind, after(total));
  });
}

/** Whole numbers have no infinities to begin with, but a least and a largest one. */
function startOf(kind: Kind, start: number): number | bigint {
  if (Number.isFinite(start) || kind === "f32" || kind === "f64") return start;
  const bits = kind === "i64" ? 64n : 32n;
  return start > 0 ? 2n ** (bits - 1n) - 1n : -(2n ** (bits - 1n));
}

/** The position in the input: axes that are reduced have positions of their own. */
function inPlaces(
  rank: number,
  axes: readonly number[],
  keepdim: boolean,
  outer: readonly Index[],
  reduced: readonly Index[],
): readonly Index[] {
  let kept = 0;
  return Array.from({ length: rank }, (_, axis) => {
    const index = axes.indexOf(axis);
    const own = index < 0 ? outer[keepdim ? axis : kept] : reduced[index];
    if (index < 0) kept++;
    return own ?? constantIndex(0);
  });
}

/** What is written instead of the one ONNX node, if anything is. */
type SpecialEmit = (emitter: Emitter, x: Value, axes: readonly number[], output: TensorType) => string | undefined;

function reduction(
  name: string,
  onnx: string,
  loop: {
    readonly operator: Operator;
    readonly start: number;
    readonly after?: (total: Expression, count: number) => Expression;
  },
  rule: (input: Tensor, output: Tensor, gradient: Tensor, attributes: ReduceAttributes) => Tensor,
  {
    nonEmpty = false,
    ofNothing,
    special,
  }: { readonly nonEmpty?: boolean; readonly ofNothing?: "zeros"; readonly special?: SpecialEmit } = {},
) {
  const isExtreme = loop.operator === "max" || loop.operator === "min";
  return defineOp<ReduceAttributes, [x: Input]>({
    name,
    ...(isExtreme ? { isExact: true } : {}),
    ...(ofNothing === undefined ? {} : { ofNothing }),
    infer([{ shape, dtype }], { axes, keepdim }) {
      refuseBool(name, dtype);
      if (nonEmpty && axes.some((axis) => lengthAt(shape, axis) === 0)) {
        throw new TensorError(
          "TENSOR_SHAPE",
          `${name}: shape ${showShape(shape)} has nothing to reduce over axes ${axes.join(", ")}`,
        );
      }
      return { shape: reducedShape(shape, axes, keepdim), dtype };
    },
    gradient: ({ inputs: [x], output, gradient, attributes }) => [
      rule(x, restore(output, x, attributes), restore(gradient, x, attributes), attributes),
    ],
    emit: (emitter, [input], { axes, keepdim }, output) =>
      special?.(emitter, input, axes, output) ?? emitReduce(emitter, onnx, input.name, axes, keepdim),
    loops: ([x], attributes, output) =>
      reductionLoop(x, attributes, output, loop, (total) => loop.after?.(total, count(x, attributes.axes)) ?? total),
  });
}

const count = (input: TensorType, axes: readonly number[]) => sizeOf(axes.map((axis) => lengthAt(input.shape, axis)));

/** Elements that tie for the extreme share the gradient equally, as PyTorch's amax and amin do. */
function extremeRule(input: Tensor, output: Tensor, gradient: Tensor, { axes }: ReduceAttributes): Tensor {
  const ties = input.eq(output).to("float32");
  return ties.mul(gradient.div(ties.sum(axes, true)));
}

export const sum = reduction("sum", "ReduceSum", { operator: "add", start: 0 }, (x, _y, g) => g.expand(x.shape), {
  ofNothing: "zeros",
  special(emitter, x, axes, output) {
    if (output.dtype === "int64") return emitInt64Sum(emitter, x, axes, output.shape);
    return isLongSum(emitter, x.shape, axes) ? emitLongSum(emitter, x, axes, output.shape) : undefined;
  },
});
export const mean = reduction(
  "mean",
  "ReduceMean",
  { operator: "add", start: 0, after: (total, size) => apply("div", total.kind, total, number(total.kind, size)) },
  (x, _y, g, { axes }) => g.mul(1 / count(x, axes)).expand(x.shape),
  {
    special(emitter, x, axes, { shape }) {
      // ONNX Runtime's mean of nothing is 0.
      if (sizeOf(x.shape) === 0) return emitter.constant(new Float32Array(sizeOf(shape)).fill(Number.NaN), shape);
      if (!isLongSum(emitter, x.shape, axes)) return undefined;
      const total = emitLongSum(emitter, x, axes, shape);
      return emitter.node("Div", [total, emitter.constant(Float32Array.of(count(x, axes)), [])]);
    },
  },
);
export const amax = reduction("amax", "ReduceMax", { operator: "max", start: Number.NEGATIVE_INFINITY }, extremeRule, {
  nonEmpty: true,
});
export const amin = reduction("amin", "ReduceMin", { operator: "min", start: Number.POSITIVE_INFINITY }, extremeRule, {
  nonEmpty: true,
});

/** The product of the others, whose gradient is computed without division so that zeros are right: over each axis of size n, n products. */
export const prod = reduction(
  "prod",
  "ReduceProd",
  { operator: "mul", start: 1 },
  (x, _y, g, { axes }) => {
    // Bring the reduced axes last as one of size n, repeat it n times with the diagonal set to 1, multiply.
    const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
    const order = [...kept, ...axes];
    const n = count(x, axes);
    const rows = sizeOf(kept.map((axis) => lengthAt(x.shape, axis)));
    const flat = x.permute(order).reshape([rows, 1, n]);
    const eye = Array.from({ length: n * n }, (_, index) => (index % (n + 1) === 0 ? 1 : 0));
    const others = flat.newTensor(eye, [n, n]).eq(1).where(flat.onesLike(), flat).prod(2);
    const inverse = order.map((_, axis) => order.indexOf(axis));
    const back = others.reshape(order.map((axis) => lengthAt(x.shape, axis))).permute(inverse);
    return back.mul(g);
  },
  {
    special: (emitter, x, axes, output) =>
      output.dtype === "int64" ? emitInt64Product(emitter, x, axes, output.shape) : undefined,
  },
);

/** Index of the first largest element along one axis; as in PyTorch that is NaN where there is one. */
export const argmax = argExtreme("argmax", "ArgMax", Number.POSITIVE_INFINITY);
export const argmin = argExtreme("argmin", "ArgMin", Number.NEGATIVE_INFINITY);

/** @param nan what NaN counts as: kernels pass over it or not, depending on the axis */
function argExtreme(name: string, onnx: string, nan: number) {
  return defineOp<{ readonly axis: number; readonly keepdim: boolean }, [x: Input]>({
    name,
    infer([{ shape, dtype }], { axis, keepdim }) {
      refuseBool(name, dtype);
      if (lengthAt(shape, axis) === 0)
        throw new TensorError("TENSOR_SHAPE", `${name}: axis ${axis} of ${showShape(shape)} is empty`);
      return { shape: reducedShape(shape, [axis], keepdim), dtype: "int64" };
    },
    emit: (emitter, [x], { axis, keepdim }) =>
      emitter.node(onnx, [emitNaNAs(emitter, x, nan)], { axis, keepdims: keepdim ? 1 : 0 }),
    loops([x], { axis, keepdim }, output, { stages }) {
      const operator = nan > 0 ? "max" : "min";
      const reduced = { shape: reducedShape(x.shape, [axis], keepdim), dtype: x.dtype };
      const extreme = stages.add(reductionLoop(x, { axes: [axis], keepdim }, reduced, { operator, start: -nan }));
      const size = lengthAt(x.shape, axis);
      return nest(output, (outer) => {
        // Positions that float32 holds are compared four at a time.
        const kind = x.dtype === "float32" && size <= 2 ** 24 ? "f32" : "i32";
        const first = reduce("min", [size], number(kind, size - 1), (along) => {
          const element = x.at(inPlaces(x.shape.length, [axis], keepdim, outer, along));
          const is = apply("eq", "bool", element, extreme.at(outer));
          const isFound = apply("or", "bool", is, apply("ne", "bool", element, element));
          return select(isFound, convert(kind, position(along[0] ?? constantIndex(0))), number(kind, size - 1));
        });
        return convert("i64", first);
      });
    },
  });
}

/** exp(x - largest x) along an axis, and the sums of that. */
function powersLoops(x: Operand, axis: number, stages: Stages) {
  const attributes = { axes: [axis], keepdim: true };
  const row = { shape: reducedShape(x.shape, [axis], true), dtype: x.dtype };
  const extreme = { operator: "max", start: Number.NEGATIVE_INFINITY } as const;
  const largest = stages.add(reductionLoop(x, attributes, row, extreme));
  const powers = stages.add(
    nest(x, (outer) => call("exp", apply("sub", "f32", x.at(outer), largest.at(outer.with(axis, constantIndex(0)))))),
  );
  const sums = stages.add(reductionLoop(powers, attributes, row, { operator: "add", start: 0 }));
  return { largest, powers, sums };
}

/** exp x / sum exp x along one axis. */
export const softmax = defineOp<{ readonly axis: number }, [x: Input]>({
  name: "softmax",
  infer: ([x]) => x,
  gradient: ({ output, gradient, attributes: { axis } }) => {
    const weighted = gradient.mul(output);
    return [weighted.sub(output.mul(weighted.sum(axis, true)))];
  },
  emit: (emitter, [x], { axis }) => emitter.node("Softmax", [x.name], { axis }),
  loops([x], { axis }, output, { stages }) {
    const { powers, sums } = powersLoops(x, axis, stages);
    return nest(output, (outer) => apply("div", "f32", powers.at(outer), sums.at(outer.with(axis, constantIndex(0)))));
  },
});

export const logSoftmax = defineOp<{ readonly axis: number }, [x: Input]>({
  name: "logSoftmax",
  infer: ([x]) => x,
  gradient: ({ output, gradient, attributes: { axis } }) => [gradient.sub(output.exp().mul(gradient.sum(axis, true)))],
  emit: (emitter, [x], { axis }) => emitter.node("LogSoftmax", [x.name], { axis }),
  loops([x], { axis }, output, { stages }) {
    const { largest, sums } = powersLoops(x, axis, stages);
    const ends = stages.add(nest(sums, (outer) => call("log", sums.at(outer))));
    return nest(output, (outer) => {
      const row = outer.with(axis, constantIndex(0));
      return apply("sub", "f32", apply("sub", "f32", x.at(outer), largest.at(row)), ends.at(row));
    });
  },
});

function refuseBool(name: string, dtype: DType): void {
  if (dtype === "bool")
    throw new TensorError(
      "TENSOR_DTYPE",
      `${name} needs numbers, not bool; convert with .to("int64") or .to("float32")`,
    );
}
