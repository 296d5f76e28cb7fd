/** Random ops: what they draw in a step follows from the step's key, which every executor hashes to the same bits. */
import { onnxType } from "../onnx/types.ts";
import { normalTable } from "../random/normal-table.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { indexOfValue } from "../wasm/indices.ts";
import { apply, convert, type Expression, nest, number, select } from "../wasm/loops.ts";
import { defineOp, type Emitter, type Input, type Op } from "./op.ts";
import { emitRandomBits, emitUnsigned, randomBits } from "./random-bits.ts";

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
    const bits = emitRandomBits(emitter, id, sizeOf(shape));
    const threshold = emitter.constant(Int32Array.of(Math.round(p * 2 ** 32 - 2 ** 31)), []);
    const float = (value: number) => emitter.constant(Float32Array.of(value), []);
    const kept = emitter.node("Where", [emitter.node("Less", [bits, threshold]), float(0), float(1 / (1 - p))]);
    return emitter.node("Reshape", [kept, emitter.shape(shape)]);
  },
  loops: (_inputs, { p }, output, { randomKey }) =>
    nest(output, (outer) => {
      const threshold = number("i32", Math.round(p * 2 ** 32 - 2 ** 31) | 0);
      const isDropped = apply("lt", "bool", randomBits(randomKey, output.shape, outer), threshold);
      return select(isDropped, number("f32", 0), number("f32", 1 / (1 - p)));
    }),
});

export type DrawAttributes = { readonly id: number; readonly shape: Shape };

/** Uniform in [0, 1), with 24 random bits. */
export const uniform = defineOp<DrawAttributes, []>({
  name: "rand",
  infer: (_inputs, { shape }) => ({ shape, dtype: "float32" }),
  randomId: ({ id }) => id,
  emit(emitter, _inputs, { id, shape }) {
    if (emitter.purpose === "file") return emitDrawnLike(emitter, "RandomUniformLike", shape);
    const bits = emitUnsigned(emitter, emitRandomBits(emitter, id, sizeOf(shape)), 8);
    const whole = emitter.node("Cast", [bits], { to: onnxType.float32 });
    const scaled = emitter.node("Mul", [whole, emitter.constant(Float32Array.of(2 ** -24), [])]);
    return emitter.node("Reshape", [scaled, emitter.shape(shape)]);
  },
  loops: (_inputs, _attributes, output, { randomKey }) =>
    nest(output, (outer) => {
      const bits = apply("shrU", "i32", randomBits(randomKey, output.shape, outer), number("i32", 8));
      return apply("mul", "f32", convert("f32", bits), number("f32", 2 ** -24));
    }),
});

/** Normally distributed with mean 0 and standard deviation 1: see `normalTable`. */
export const normal = defineOp<DrawAttributes, []>({
  name: "randn",
  infer: (_inputs, { shape }) => ({ shape, dtype: "float32" }),
  randomId: ({ id }) => id,
  emit(emitter, _inputs, { id, shape }) {
    if (emitter.purpose === "file") return emitDrawnLike(emitter, "RandomNormalLike", shape);
    const bits = emitRandomBits(emitter, id, sizeOf(shape));
    const whole = (value: number) => emitter.constant(Int32Array.of(value), []);
    const { levels, offsets, slopes } = normalTable();
    const table = (name: string, values: Float32Array) =>
      emitter.nodeOnce(`normal ${name}`, "Identity", () => [emitter.constant(values, [values.length])]);
    const isNegative = emitter.node("Less", [bits, whole(0)]);
    const rank = emitter.node("Where", [isNegative, emitter.node("Sub", [whole(-1), bits]), bits]);
    const strip = levels.reduce((below, { end, width, start }) => {
      const own = emitter.node("Add", [emitter.node("Div", [rank, whole(width)]), whole(start)]);
      return below === "" ? own : emitter.node("Where", [emitter.node("Less", [rank, whole(end)]), own, below]);
    }, "");
    const along = emitter.node("Mul", [
      emitter.node("Gather", [table("slopes", slopes), strip]),
      emitter.node("Cast", [rank], { to: onnxType.float32 }),
    ]);
    const magnitude = emitter.node("Add", [emitter.node("Gather", [table("offsets", offsets), strip]), along]);
    const signed = emitter.node("Where", [isNegative, emitter.node("Neg", [magnitude]), magnitude]);
    return emitter.node("Reshape", [signed, emitter.shape(shape)]);
  },
  loops(_inputs, _attributes, output, { randomKey, stages }) {
    const { levels, offsets, slopes } = normalTable();
    const [offsetOf, slopeOf] = [stages.table(offsets), stages.table(slopes)];
    return nest(output, (outer) => {
      const whole = (value: number) => number("i32", value);
      const bits = randomBits(randomKey, output.shape, outer);
      const isNegative = apply("lt", "bool", bits, whole(0));
      const rank = select(isNegative, apply("sub", "i32", whole(-1), bits), bits);
      const strip = levels.reduce((below: Expression, { end, width, start }) => {
        const own = apply("add", "i32", apply("shrU", "i32", rank, whole(Math.log2(width))), whole(start));
        // The ranks of the first level are all that there are.
        return end > 2 ** 31 - 1 ? own : select(apply("lt", "bool", rank, whole(end)), own, below);
      }, whole(0));
      const at = [indexOfValue(strip)];
      const along = apply("mul", "f32", slopeOf.at(at), convert("f32", rank));
      const magnitude = apply("add", "f32", offsetOf.at(at), along);
      return select(isNegative, apply("neg", "f32", magnitude), magnitude);
    });
  },
});

/** Whole numbers in [low, low + range), for a range of at most 2^31: none is likelier than another by more than 2^-32. */
export const integers = defineOp<DrawAttributes & { readonly low: number; readonly range: number }, []>({
  name: "randint",
  infer: (_inputs, { shape }) => ({ shape, dtype: "int64" }),
  randomId: ({ id }) => id,
  emit(emitter, _inputs, { id, shape, low, range }) {
    const whole = (value: number) => emitter.constant(BigInt64Array.of(BigInt(value)), []);
    const asWhole = (name: string) => emitter.node("Cast", [name], { to: onnxType.int64 });
    if (emitter.purpose === "file") {
      const float = (value: number) => emitter.constant(Float32Array.of(value), []);
      const places = emitter.node("Mul", [emitDrawnLike(emitter, "RandomUniformLike", shape), float(range)]);
      // Where the runtime's uniform number rounds up to 1.
      const below = emitter.node("Min", [asWhole(emitter.node("Floor", [places])), whole(range - 1)]);
      return emitter.node("Add", [below, whole(low)]);
    }
    const bits = asWhole(emitUnsigned(emitter, emitRandomBits(emitter, id, sizeOf(shape))));
    const shares = emitter.node("Div", [emitter.node("Mul", [bits, whole(range)]), whole(2 ** 32)]);
    return emitter.node("Reshape", [emitter.node("Add", [shares, whole(low)]), emitter.shape(shape)]);
  },
  loops: (_inputs, { low, range }, output, { randomKey }) =>
    nest(output, (outer) => {
      const whole = (value: number) => number("i64", value);
      const bits = apply("convertU", "i64", randomBits(randomKey, output.shape, outer));
      const shares = apply("shrU", "i64", apply("mul", "i64", bits, whole(range)), whole(32));
      return apply("add", "i64", shares, whole(low));
    }),
});

/** Ops that draw from nothing: inputs of a file that leaves the drawing to its reader. */
export const draws: ReadonlySet<Op | undefined> = new Set<Op>([uniform, normal, integers]);

/** Drawn by whoever runs the file, anew each time. */
function emitDrawnLike(emitter: Emitter, opType: string, shape: Shape): string {
  const zero = emitter.constant(Float32Array.of(0), []);
  return emitter.node(opType, [emitter.node("Expand", [zero, emitter.shape(shape)])], { dtype: onnxType.float32 });
}
