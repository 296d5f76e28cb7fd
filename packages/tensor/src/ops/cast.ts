import type { DType } from "../dtype.ts";
import { onnxType } from "../onnx/types.ts";
import { defineOp, inputAt, type Op } from "./op.ts";

/** Changes the element type; float to integer cuts towards zero, anything to bool is "not 0", as in PyTorch. */
export const cast: Op<{ dtype: DType }> = defineOp<{ dtype: DType }>({
  name: "cast",
  infer: (inputs, { dtype }) => ({ shape: inputAt(inputs, 0).shape, dtype }),
  gradient({ inputs, gradient }) {
    const input = inputAt(inputs, 0);
    return [input.dtype === "float32" ? gradient.to("float32") : undefined];
  },
  emit: (emitter, inputs, { dtype }) => emitter.node("Cast", [inputAt(inputs, 0).name], { to: onnxType[dtype] }),
});

/** The same numbers. */
export const clone: Op<Record<string, never>> = defineOp<Record<string, never>>({
  name: "clone",
  infer: (inputs) => inputAt(inputs, 0),
  gradient: ({ gradient }) => [gradient],
  emit: (_emitter, inputs) => inputAt(inputs, 0).name,
});

/** The same numbers, cut off from gradients. */
export const detach: Op<Record<string, never>> = defineOp<Record<string, never>>({
  name: "detach",
  infer: (inputs) => inputAt(inputs, 0),
  emit: (_emitter, inputs) => inputAt(inputs, 0).name,
});
