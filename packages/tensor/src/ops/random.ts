import { onnxType } from "../onnx/types.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { defineOp, type Emitter, type Input } from "./op.ts";

/** A type of ONNX that no tensor has. */
const uint32 = 12;

/**
 * One 32-bit hash of (index, key) per element: the counter is the element's index, the key changes with seed, op and
 * step, so the numbers depend on nothing that ran before. The mixing steps are those of Wellons' `lowbias32`
 * (https://nullprogram.com/blog/2018/07/31/), with the second half of the key added between them.
 */
function emitRandomBits(emitter: Emitter, id: number, size: number): string {
  const [key0, key1] = emitter.randomKey(id);
  const scalar = (value: number) => emitter.constant(Int32Array.of(value), []);
  const counters = Int32Array.from({ length: size }, (_, index) => Math.imul(index, 0x9e3779b9));
  const asUnsigned = (name: string) => emitter.node("Cast", [name], { to: uint32 });
  const asSigned = (name: string) => emitter.node("Cast", [name], { to: onnxType.int32 });
  const xorShift = (name: string, distance: number) => {
    const bits = asUnsigned(name);
    const shift = asUnsigned(scalar(distance));
    return asSigned(
      emitter.node("BitwiseXor", [bits, emitter.node("BitShift", [bits, shift], { direction: "RIGHT" })]),
    );
  };
  const multiply = (name: string, factor: number) => emitter.node("Mul", [name, scalar(factor | 0)]);
  const seeded = emitter.node("Add", [emitter.constant(counters, [size]), key0]);
  const first = multiply(xorShift(seeded, 16), 0x7feb352d);
  const second = multiply(emitter.node("Add", [xorShift(first, 15), key1]), 0x846ca68b);
  return xorShift(multiply(xorShift(second, 16), 0x7feb352d), 15);
}

/**
 * Dropout's mask for x: 0 with probability p, else 1 / (1 - p). `id` tells the random ops of a program apart, so that no
 * two are merged.
 */
export const dropoutMask = defineOp<{ readonly id: number; readonly shape: Shape; readonly p: number }, [x: Input]>({
  name: "dropoutMask",
  ofNothing: "as ever",
  infer: (_inputs, { shape }) => ({ shape, dtype: "float32" }),
  randomId: ({ id }) => id,
  emit(emitter, _inputs, { id, shape, p }) {
    const size = sizeOf(shape);
    const bits = emitRandomBits(emitter, id, size);
    const threshold = emitter.constant(Int32Array.of(Math.round(p * 2 ** 32 - 2 ** 31)), []);
    const float = (value: number) => emitter.constant(Float32Array.of(value), []);
    const kept = emitter.node("Where", [emitter.node("Less", [bits, threshold]), float(0), float(1 / (1 - p))]);
    return emitter.node("Reshape", [kept, emitter.shape(shape)]);
  },
});
