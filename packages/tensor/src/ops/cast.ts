import type { DType } from "../dtype.ts";
import { onnxType } from "../onnx/types.ts";
import { defineOp, type Input, type None } from "./op.ts";

/** Changes the element type; float to integer cuts towards zero, anything to bool is "not 0", as in PyTorch. */
export const cast = defineOp<{ readonly dtype: DType }, [x: Input]>({
  name: "cast",
  infer: ([x], { dtype }) => ({ shape: x.shape, dtype }),
  gradient: ({ inputs: [x], gradient }) => [x.dtype === "float32" ? gradient.to("float32") : undefined],
  emit: (emitter, [x], { dtype }) => emitter.node("Cast", [x.name], { to: onnxType[dtype] }),
});

/** The same numbers. */
export const clone = defineOp<None, [x: Input]>({
  name: "clone",
  infer: ([x]) => x,
  gradient: ({ gradient }) => [gradient],
  emit: (_emitter, [x]) => x.name,
});

/** The same numbers, cut off from gradients. */
export const detach = defineOp<None, [x: Input]>({
  name: "detach",
  infer: ([x]) => x,
  emit: (_emitter, [x]) => x.name,
});
