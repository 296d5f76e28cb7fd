import { TensorError } from "../errors.ts";
import { broadcastShapes, sameShape, showShape } from "../shape.ts";
import { apply, elementwise, number, select } from "../wasm/loops.ts";
import { defineOp, type Input, type None, namesOf } from "./op.ts";

/** x where it is above 0, else slope x; the slope broadcasts against x. */
export const prelu = defineOp<None, [x: Input, slope: Input]>({
  name: "prelu",
  infer([x, slope]) {
    for (const { dtype } of [x, slope]) {
      if (dtype !== "float32")
        throw new TensorError("TENSOR_DTYPE", `prelu needs float32, not ${dtype}; convert it with .to("float32")`);
    }
    if (!sameShape(broadcastShapes(x.shape, slope.shape, "prelu"), x.shape)) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `prelu: the slopes ${showShape(slope.shape)} do not broadcast to the input ${showShape(x.shape)}`,
      );
    }
    return x;
  },
  gradient: ({ inputs: [x, slope], gradient, needs }) => [
    needs(0) ? x.gt(0).where(gradient, gradient.mul(slope)) : undefined,
    // min(x, 0) without minimum, whose gradient splits ties.
    needs(1) ? gradient.mul(x.relu().sub(x).neg()).sumTo(slope.shape) : undefined,
  ],
  emit: (emitter, inputs) => emitter.node("PRelu", namesOf(inputs)),
  loops: (inputs) =>
    elementwise(inputs, "float32", (x, slope) =>
      select(apply("gt", "bool", x, number("f32", 0)), x, apply("mul", "f32", slope, x)),
    ),
});
