import type { DType } from "../dtype.ts";
import { onnxType } from "../onnx/types.ts";
import { convert, elementwise, kindOf } from "../wasm/loops.ts";
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
  loops: ([x], { dtype }) => elementwise([x], dtype, (element) => convert(kindOf(dtype), element)),
});

/** The same numbers. */
export const clone = defineOp<None, [x: Input]>({
  name: "clone",
  isExact: true,
  anyType: true,
  infer: ([x]) => x,
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
  emit: (_emitter, [x]) => x.name,
  loops: ([x], _attributes, { dtype }) => elementwise([x], dtype, (element) => element),
});
