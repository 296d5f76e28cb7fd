/**
 * x Phi(x) with the normal distribution's function Phi (Hendrycks and Gimpel 2016), and its slope. Composed of other ops it took
 * five passes over memory forwards and ten backwards, a fifth of what a GPT's step does beside its products of matrices; here
 * they are four and six.
 */
import type { Tensor } from "../tensor.ts";
import { apply, call, type Expression, elementwise, number } from "../wasm/loops.ts";
import { floatType } from "./elementwise.ts";
import { defineOp, type Emitter, type Input, type None, type Value } from "./op.ts";

const float = (emitter: Emitter, value: number) => emitter.constant(Float32Array.of(value), []);

/** z = x / sqrt 2, which slope and value share. */
function emitScaled(emitter: Emitter, { name }: Value): string {
  return emitter.nodeOnce(`gelu ${name}`, "Mul", [name, float(emitter, Math.SQRT1_2)]);
}

/** Phi(x) = (erf z + 1) / 2, which a HardSigmoid computes in one pass; it is never outside of [0, 1]. */
function emitShare(emitter: Emitter, x: Value): string {
  const erf = emitter.nodeOnce(`gelu ${x.name}`, "Erf", [emitScaled(emitter, x)]);
  return emitter.nodeOnce(`gelu ${x.name}`, "HardSigmoid", [erf], { alpha: { float: 0.5 }, beta: { float: 0.5 } });
}

const f = (value: number) => number("f32", value);
const add = (a: Expression, b: Expression) => apply("add", "f32", a, b);
const mul = (a: Expression, b: Expression) => apply("mul", "f32", a, b);
const shareOf = (x: Expression) => mul(f(0.5), add(call("erf", mul(x, f(Math.SQRT1_2))), f(1)));
const rootOfTwoPi = Math.sqrt(2 * Math.PI);

export const gelu = defineOp<None, [x: Input]>({
  name: "gelu",
  infer: ([x]) => floatType("gelu", x),
  gradient: ({ inputs: [x], gradient }) => [gradient.mul(x.apply(geluSlope, [], {}))],
  emit(emitter, [x]) {
    if (emitter.purpose === "program") return emitter.node("Mul", [x.name, emitShare(emitter, x)]);
    // In files what other readers know as one function.
    const half = emitter.node("Mul", [x.name, float(emitter, 0.5)]);
    const erf = emitter.node("Erf", [emitScaled(emitter, x)]);
    return emitter.node("Mul", [half, emitter.node("Add", [erf, float(emitter, 1)])]);
  },
  loops: ([x]) => elementwise([x], "float32", (element) => mul(element, shareOf(element))),
});

/** Phi(x) + x phi(x) with the normal distribution's density phi. */
export const geluSlope = defineOp<None, [x: Input]>({
  name: "geluSlope",
  infer: ([x]) => floatType("geluSlope", x),
  gradient: ({ inputs: [x], gradient }) => [gradient.mul(curvature(x))],
  emit(emitter, [x]) {
    // x phi(x) is z / exp(z^2) / sqrt pi: a division saves the negation.
    const z = emitScaled(emitter, x);
    const ratio = emitter.node("Div", [z, emitter.node("Exp", [emitter.node("Mul", [z, z])])]);
    const scaled = emitter.node("Mul", [ratio, float(emitter, 1 / Math.sqrt(Math.PI))]);
    return emitter.node("Add", [scaled, emitShare(emitter, x)]);
  },
  loops: ([x]) =>
    elementwise([x], "float32", (element) => {
      const density = mul(call("exp", mul(mul(element, element), f(-0.5))), f(1 / rootOfTwoPi));
      return add(shareOf(element), mul(element, density));
    }),
});

/** (2 - x^2) phi(x) */
function curvature(x: Tensor): Tensor {
  const square = x.mul(x);
  return square
    .mul(-0.5)
    .exp()
    .mul(square.neg().add(2))
    .mul(1 / rootOfTwoPi);
}
