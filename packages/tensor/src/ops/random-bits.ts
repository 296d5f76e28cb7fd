import { TensorError } from "../errors.ts";
import { onnxType } from "../onnx/types.ts";
import type { Shape } from "../shape.ts";
import type { Index } from "../wasm/indices.ts";
import { apply, type Expression, number, place, position } from "../wasm/loops.ts";
import type { Emitter } from "./op.ts";

/** A type of ONNX that no tensor has. */
const uint32 = 12;

/**
 * One 32-bit hash of (index, key) per element, as int32 [size]: the counter is the element's index, the key changes with
 * seed, op and step, so the numbers depend on nothing that ran before. The mixing steps are those of Wellons' `lowbias32`
 * (https://nullprogram.com/blog/2018/07/31/), with the second half of the key added between them.
 */
export function emitRandomBits(emitter: Emitter, id: number, size: number): string {
  const [key0, key1] = emitter.randomKey(id);
  const scalar = (value: number) => emitter.constant(Int32Array.of(value), []);
  const counters = Int32Array.from({ length: size }, (_, index) => Math.imul(index, 0x9e3779b9));
  const asUnsigned = (name: string) => emitter.node("Cast", [name], { to: uint32 });
  const asSigned = (name: string) => emitter.node("Cast", [name], { to: onnxType.int32 });
  const xorShift = (name: string, distance: number) => {
    const bits = asUnsigned(name);
    return asSigned(emitter.node("BitwiseXor", [bits, shiftRight(emitter, bits, distance)]));
  };
  const multiply = (name: string, factor: number) => emitter.node("Mul", [name, scalar(factor | 0)]);
  const seeded = emitter.node("Add", [emitter.constant(counters, [size]), key0]);
  const first = multiply(xorShift(seeded, 16), 0x7feb352d);
  const second = multiply(emitter.node("Add", [xorShift(first, 15), key1]), 0x846ca68b);
  return xorShift(multiply(xorShift(second, 16), 0x7feb352d), 15);
}

/** The same hash of an element's position in a shape as an expression. */
export function randomBits(
  key: readonly [Expression, Expression] | undefined,
  shape: Shape,
  outer: readonly Index[],
): Expression {
  if (key === undefined)
    throw new TensorError("TENSOR_RUNTIME", "this program has no random numbers; switch the module to eval()");
  const [key0, key1] = key;
  const xorShift = (bits: Expression, distance: number) =>
    apply("xor", "i32", bits, apply("shrU", "i32", bits, number("i32", distance)));
  const multiply = (bits: Expression, factor: number) => apply("mul", "i32", bits, number("i32", factor | 0));
  const seeded = apply("add", "i32", multiply(position(place(shape, outer)), 0x9e3779b9), key0);
  const first = multiply(xorShift(seeded, 16), 0x7feb352d);
  const second = multiply(apply("add", "i32", xorShift(first, 15), key1), 0x846ca68b);
  return xorShift(multiply(xorShift(second, 16), 0x7feb352d), 15);
}

/** The bits as whole numbers from 0 to 2^32 - 1, without the lowest `dropped` bits. */
export function emitUnsigned(emitter: Emitter, bits: string, dropped = 0): string {
  const whole = emitter.node("Cast", [bits], { to: uint32 });
  return dropped === 0 ? whole : shiftRight(emitter, whole, dropped);
}

function shiftRight(emitter: Emitter, unsigned: string, distance: number): string {
  const shift = emitter.node("Cast", [emitter.constant(Int32Array.of(distance), [])], { to: uint32 });
  return emitter.node("BitShift", [unsigned, shift], { direction: "RIGHT" });
}
