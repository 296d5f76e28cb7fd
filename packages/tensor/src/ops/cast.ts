import type { DType } from "../dtype.ts";
import { onnxType } from "../onnx/types.ts";
import { apply, convert, type Expression, elementwise, type Kind, kindOf, number, select } from "../wasm/loops.ts";
import { defineOp, type Input, type None } from "./op.ts";

/** Changes the element type; float to integer cuts towards zero, anything to bool is "not 0", as in PyTorch. */
export const cast = defineOp<{ readonly dtype: DType }, [x: Input]>({
  name: "cast",
  anyType: true,
  infer: ([x], { dtype }) => ({ shape: x.shape, dtype }),
  gradient: ({ inputs: [x], gradient }) => [x.dtype === "float32" ? gradient.to("float32") : undefined],
  emit(emitter, [x], { dtype }) {
    // What a fraction or a number outside of a byte becomes is said for 32 bits only.
    const name =
      dtype === "uint8" && x.dtype === "float32" ? emitter.node("Cast", [x.name], { to: onnxType.int32 }) : x.name;
    return emitter.node("Cast", [name], { to: onnxType[dtype] });
  },
  loops: ([x], { dtype }) => elementwise([x], dtype, (element) => casted(element, kindOf(dtype))),
});

/**
 * WebAssembly makes 0 of NaN, which would pass for an index; here NaN, and what is too large, becomes the least number of the
 * type, as ONNX Runtime and PyTorch have it on x86.
 */
function casted(element: Expression, kind: Kind): Expression {
  if (element.kind !== "f32" || (kind !== "i32" && kind !== "i64")) return convert(kind, element);
  const [end, least] = kind === "i32" ? [2 ** 31, -(2 ** 31)] : [2 ** 63, -(2n ** 63n)];
  const isWithin = apply("lt", "bool", apply("abs", "f32", element), number("f32", end));
  return select(isWithin, convert(kind, element), number(kind, least));
}

/** The same numbers. */
export const clone = defineOp<None, [x: Input]>({
  name: "clone",
  isExact: true,
  anyType: true,
  infer: ([x]) => x,
  offset: () => 0,
  gradient: ({ gradient }) => [gradient],
  emit: (_emitter, [x]) => x.name,
  loops: ([x], _attributes, { dtype }) => elementwise([x], dtype, (element) => element),
});

/** The same numbers, cut off from gradients. */
export const detach = defineOp<None, [x: Input]>({
  name: "detach",
  isExact: true,
  anyType: true,
  infer: ([x]) => x,
  offset: () => 0,
  emit: (_emitter, [x]) => x.name,
  loops: ([x], _attributes, { dtype }) => elementwise([x], dtype, (element) => element),
});
