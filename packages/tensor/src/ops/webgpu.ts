/** What ONNX Runtime's kernels for WebGPU lack, said with others. Found by running the fixtures there. */
import { onnxType } from "../onnx/types.ts";
import { lengthAt, type Shape } from "../shape.ts";
import type { Emitter, Value } from "./op.ts";
import type { Window } from "./pooling.ts";

/**
 * The batch norm of a training step, whose kernel knows no training.
 *
 * @param x [batch, channels, ...]; weight and bias are [channels]
 * @returns names of what was normalised and of its statistics
 */
export function emitStatisticsInParts(
  emitter: Emitter,
  x: Value,
  weight: string,
  bias: string,
  eps: number,
): Readonly<Record<"y" | "mean" | "variance", string>> {
  const channels = lengthAt(x.shape, 1);
  const key = `${x.name} ${weight} ${bias} ${eps}`;
  const once = (use: string, opType: string, inputs: readonly string[], attributes = {}) =>
    emitter.nodeOnce(`${key} ${use}`, opType, inputs, attributes);
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const axesName = emitter.constant(BigInt64Array.from(axes, BigInt), [axes.length]);
  const each = emitter.shape([channels, ...new Array<number>(x.shape.length - 2).fill(1)]);
  const mean = once("mean", "ReduceMean", [x.name, axesName], { keepdims: 0 });
  const centred = once("centred", "Sub", [x.name, once("wide mean", "Reshape", [mean, each])]);
  const squares = once("squares", "Mul", [centred, centred]);
  const variance = once("variance", "ReduceMean", [squares, axesName], { keepdims: 0 });
  const steady = once("steady", "Add", [variance, emitter.constant(Float32Array.of(eps), [])]);
  const scale = once("scale", "Div", [weight, once("root", "Sqrt", [steady])]);
  const scaled = once("scaled", "Mul", [centred, once("wide scale", "Reshape", [scale, each])]);
  return { y: once("y", "Add", [scaled, once("wide bias", "Reshape", [bias, each])]), mean, variance };
}

/**
 * Position of each window's first largest element in the whole tensor, which the kernel of MaxPool does not say: what lies
 * under the window's places is compared one place after the other.
 */
export function emitMaxPositions(emitter: Emitter, x: Value, window: Window, output: Shape): string {
  const { kernel, stride, dilation, before, after } = window;
  const [height, width] = [lengthAt(x.shape, 2), lengthAt(x.shape, 3)];
  const [batch, channels, outHeight, outWidth] = [
    lengthAt(output, 0),
    lengthAt(output, 1),
    lengthAt(output, 2),
    lengthAt(output, 3),
  ];
  const int64 = (values: readonly number[]) => emitter.constant(BigInt64Array.from(values, BigInt), [values.length]);
  const lowest = emitter.constant(Float32Array.of(-3.4028234663852886e38), []);
  const padded = [...before, ...after].some((amount) => amount > 0)
    ? emitter.node("Pad", [x.name, int64([0, 0, ...before, 0, 0, ...after]), lowest])
    : x.name;
  const under = (row: number, column: number) => {
    const [top, left] = [row * dilation[0], column * dilation[1]];
    const ends = [top + (outHeight - 1) * stride[0] + 1, left + (outWidth - 1) * stride[1] + 1];
    return {
      values: emitter.node("Slice", [padded, int64([top, left]), int64(ends), int64([2, 3]), int64(stride)]),
      offset: emitter.constant(Float32Array.of(top * width + left), []),
    };
  };
  const first = under(0, 0);
  let found = { values: first.values, offsets: emitter.node("Expand", [first.offset, emitter.shape(output)]) };
  for (let row = 0; row < kernel[0]; row++) {
    for (let column = row === 0 ? 1 : 0; column < kernel[1]; column++) {
      const { values, offset } = under(row, column);
      const larger = emitter.node("Greater", [values, found.values]);
      found = {
        values: emitter.node("Where", [larger, values, found.values]),
        offsets: emitter.node("Where", [larger, offset, found.offsets]),
      };
    }
  }
  const corners = Array.from({ length: outHeight * outWidth }, (_, index) => {
    const [y, x] = [Math.floor(index / outWidth), index % outWidth];
    return (y * stride[0] - before[0]) * width + x * stride[1] - before[1];
  });
  const planes = Array.from({ length: batch * channels }, (_, plane) => BigInt(plane * height * width));
  const inPlane = emitter.node("Add", [
    found.offsets,
    emitter.constant(Float32Array.from(corners), [outHeight, outWidth]),
  ]);
  return emitter.node("Add", [
    emitter.node("Cast", [inPlane], { to: onnxType.int64 }),
    emitter.constant(BigInt64Array.from(planes), [batch, channels, 1, 1]),
  ]);
}
