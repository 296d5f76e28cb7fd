import { TensorError } from "../errors.ts";
import { sameShape, showShape } from "../shape.ts";
import { apply, call, type Expression, elementwise, number } from "../wasm/loops.ts";
import { defineOp, type Input, type None } from "./op.ts";

/**
 * -(t log x + (1 - t) log(1 - x)) of probabilities x and targets t of one shape, with PyTorch's limits: logarithms are
 * at least -100, and the gradient's denominator x (1 - x) is at least 1e-12. One op, because that gradient is not the
 * one of the limited logarithms.
 */
export const binaryCrossEntropy = defineOp<None, [x: Input, target: Input]>({
  name: "binaryCrossEntropy",
  infer([x, t]) {
    if (!sameShape(x.shape, t.shape)) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `binaryCrossEntropy: ${showShape(x.shape)} and ${showShape(t.shape)} must be equal`,
      );
    }
    return { shape: x.shape, dtype: "float32" };
  },
  gradient({ inputs: [x, t], gradient, needs }) {
    const complement = x.neg().add(1);
    return [
      needs(0) ? gradient.mul(x.sub(t)).div(x.mul(complement).maximum(1e-12)) : undefined,
      needs(1) ? gradient.mul(complement.log().maximum(-100).sub(x.log().maximum(-100))) : undefined,
    ];
  },
  emit(emitter, [{ name: x }, { name: t }]) {
    const one = emitter.constant(Float32Array.of(1), []);
    const logarithm = (value: string) =>
      emitter.node("Max", [emitter.node("Log", [value]), emitter.constant(Float32Array.of(-100), [])]);
    const positive = emitter.node("Mul", [t, logarithm(x)]);
    const negative = emitter.node("Mul", [emitter.node("Sub", [one, t]), logarithm(emitter.node("Sub", [one, x]))]);
    return emitter.node("Neg", [emitter.node("Add", [positive, negative])]);
  },
  loops: (inputs) =>
    elementwise(inputs, "float32", (x, t) => {
      const complement = (value: Expression) => apply("sub", "f32", number("f32", 1), value);
      const logarithm = (value: Expression) => apply("max", "f32", call("log", value), number("f32", -100));
      const positive = apply("mul", "f32", t, logarithm(x));
      const negative = apply("mul", "f32", complement(t), logarithm(complement(x)));
      return apply("neg", "f32", apply("add", "f32", positive, negative));
    }),
});
