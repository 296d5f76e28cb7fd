import { TensorError } from "../errors.ts";
import { lengthAt, reducedShape, showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { defineOp, type Emitter, inputAt, type Op } from "./op.ts";

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

function reduction(
  name: string,
  onnx: string,
  rule: (input: Tensor, output: Tensor, gradient: Tensor, attributes: ReduceAttributes) => Tensor,
  nonEmpty: boolean,
): Op<ReduceAttributes> {
  return defineOp<ReduceAttributes>({
    name,
    infer(inputs, { axes, keepdim }) {
      const { shape, dtype } = inputAt(inputs, 0);
      if (dtype === "bool") {
        throw new TensorError(
          "TENSOR_DTYPE",
          `${name} needs numbers, not bool; convert with .to("int64") or .to("float32")`,
        );
      }
      if (nonEmpty && axes.some((axis) => lengthAt(shape, axis) === 0)) {
        throw new TensorError(
          "TENSOR_SHAPE",
          `${name}: shape ${showShape(shape)} has nothing to reduce over axes ${axes.join(", ")}`,
        );
      }
      return { shape: reducedShape(shape, axes, keepdim), dtype };
    },
    gradient({ inputs, output, gradient, attributes }) {
      const input = inputAt(inputs, 0);
      return [rule(input, restore(output, input, attributes), restore(gradient, input, attributes), attributes)];
    },
    emit(emitter, inputs, { axes, keepdim }, output) {
      const input = inputAt(inputs, 0);
      // ONNX Runtime's mean of nothing is 0.
      if (onnx === "ReduceMean" && sizeOf(input.shape) === 0)
        return emitter.constant(new Float32Array(sizeOf(output.shape)).fill(Number.NaN), output.shape);
      return emitReduce(emitter, onnx, input.name, axes, keepdim);
    },
  });
}

const count = (input: Tensor, axes: readonly number[]) => sizeOf(axes.map((axis) => lengthAt(input.shape, axis)));

/** Elements that tie for the extreme share the gradient equally, as PyTorch's amax and amin do. */
function extremeRule(input: Tensor, output: Tensor, gradient: Tensor, { axes }: ReduceAttributes): Tensor {
  const ties = input.eq(output).to("float32");
  return ties.mul(gradient.div(ties.sum(axes, true)));
}

export const sum: Op<ReduceAttributes> = reduction("sum", "ReduceSum", (x, _y, g) => g.expand(x.shape), false);
export const mean: Op<ReduceAttributes> = reduction(
  "mean",
  "ReduceMean",
  (x, _y, g, { axes }) => g.mul(1 / count(x, axes)).expand(x.shape),
  false,
);
export const amax: Op<ReduceAttributes> = reduction("amax", "ReduceMax", extremeRule, true);
export const amin: Op<ReduceAttributes> = reduction("amin", "ReduceMin", extremeRule, true);

/** The product of the others, computed without division so that zeros are right: over each axis of size n, n products. */
export const prod: Op<ReduceAttributes> = reduction(
  "prod",
  "ReduceProd",
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
  false,
);

/** Index of the first largest element along one axis. */
export const argmax: Op<{ axis: number; keepdim: boolean }> = argExtreme("argmax", "ArgMax");
export const argmin: Op<{ axis: number; keepdim: boolean }> = argExtreme("argmin", "ArgMin");

function argExtreme(name: string, onnx: string): Op<{ axis: number; keepdim: boolean }> {
  return defineOp<{ axis: number; keepdim: boolean }>({
    name,
    infer(inputs, { axis, keepdim }) {
      const { shape } = inputAt(inputs, 0);
      if (lengthAt(shape, axis) === 0)
        throw new TensorError("TENSOR_SHAPE", `${name}: axis ${axis} of ${showShape(shape)} is empty`);
      return { shape: reducedShape(shape, [axis], keepdim), dtype: "int64" };
    },
    emit: (emitter, inputs, { axis, keepdim }) =>
      emitter.node(onnx, [inputAt(inputs, 0).name], { axis, keepdims: keepdim ? 1 : 0 }),
  });
}

/** exp x / sum exp x along one axis. */
export const softmax: Op<{ axis: number }> = defineOp<{ axis: number }>({
  name: "softmax",
  infer: (inputs) => inputAt(inputs, 0),
  gradient: ({ output, gradient, attributes: { axis } }) => {
    const weighted = gradient.mul(output);
    return [weighted.sub(output.mul(weighted.sum(axis, true)))];
  },
  emit: (emitter, inputs, { axis }) => emitter.node("Softmax", [inputAt(inputs, 0).name], { axis }),
});

export const logSoftmax: Op<{ axis: number }> = defineOp<{ axis: number }>({
  name: "logSoftmax",
  infer: (inputs) => inputAt(inputs, 0),
  gradient: ({ output, gradient, attributes: { axis } }) => [gradient.sub(output.exp().mul(gradient.sum(axis, true)))],
  emit: (emitter, inputs, { axis }) => emitter.node("LogSoftmax", [inputAt(inputs, 0).name], { axis }),
});
