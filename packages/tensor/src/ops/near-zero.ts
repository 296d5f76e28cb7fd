/** Logarithm and exponential whose results near 0 keep all their digits; ONNX has neither. */

import type { Tensor } from "../tensor.ts";
import { elementwise } from "../wasm/loops.ts";
import { elementary, floatType } from "./elementwise.ts";
import { defineOp, type Emitter, type Input, type None, type TensorType } from "./op.ts";

function nearZero(
  name: "log1p" | "expm1",
  slope: (x: Tensor) => Tensor,
  emit: (emitter: Emitter, x: string, number: (value: number) => string) => string,
) {
  return defineOp<None, [x: Input]>({
    name,
    infer: ([x]: readonly [TensorType]) => floatType(name, x),
    gradient: ({ inputs: [x], gradient }) => [gradient.mul(slope(x))],
    emit: (emitter, [x]) => emit(emitter, x.name, (value) => emitter.constant(Float32Array.of(value), [])),
    loops: ([x]) => elementwise([x], "float32", elementary(name)),
  });
}

/** log(1 + x): what rounding took from 1 + x is put right by a factor (Kahan, in HP-15C Advanced Functions Handbook). */
export const log1p = nearZero(
  "log1p",
  (x) => x.add(1).pow(-1),
  (emitter, x, number) => {
    const one = number(1);
    const sum = emitter.node("Add", [x, one]);
    const logarithm = emitter.node("Log", [sum]);
    const factor = emitter.node("Div", [x, emitter.node("Sub", [sum, one])]);
    const corrected = emitter.node("Mul", [logarithm, factor]);
    // Of large x, infinity too, the sum is x itself, and there is nothing to put right.
    const large = emitter.node("Where", [emitter.node("Equal", [sum, x]), logarithm, corrected]);
    return emitter.node("Where", [emitter.node("Equal", [sum, one]), x, large]);
  },
);

/** exp(x) - 1, which is tanh(x / 2) (exp(x) + 1). */
export const expm1 = nearZero(
  "expm1",
  (x) => x.exp(),
  (emitter, x, number) => {
    const half = emitter.node("Tanh", [emitter.node("Mul", [x, number(0.5)])]);
    return emitter.node("Mul", [half, emitter.node("Add", [emitter.node("Exp", [x]), number(1)])]);
  },
);
