/** Numbers of WebAssembly's instructions, by their names in the text format. Those of vectors follow a prefix. */
import { Bytes } from "./bytes.ts";

const vector = 0xfd;
const saturating = 0xfc;

/** A run of instructions that the specification numbers one after the other; `-` leaves a number out. */
function numbered(first: number, prefix: number | undefined, names: string): [string, readonly number[]][] {
  return names.split(" ").flatMap((name, index): [string, readonly number[]][] => {
    const number = first + index;
    if (name === "-") return [];
    return [[name, prefix === undefined ? [number] : [...new Bytes().append([prefix]).unsigned(number).all()]]];
  });
}

const each = (type: string, names: string) =>
  names
    .split(" ")
    .map((name) => (name === "-" ? name : `${type}.${name}`))
    .join(" ");

const wholeComparisons = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u";
const floatComparisons = "eq ne lt gt le ge";
const wholeArithmetic = "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u";
const floatArithmetic = "abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign";

const numbers: ReadonlyMap<string, readonly number[]> = new Map([
  ...numbered(0x00, undefined, "unreachable - block loop if else"),
  ...numbered(0x0b, undefined, "end br br_if"),
  ...numbered(0x10, undefined, "call"),
  ...numbered(0x1a, undefined, "drop select"),
  ...numbered(0x20, undefined, "local.get local.set local.tee"),
  ...numbered(0x28, undefined, "i32.load i64.load f32.load f64.load - i32.load8_u"),
  ...numbered(0x36, undefined, "i32.store i64.store f32.store f64.store i32.store8"),
  ...numbered(0x41, undefined, "i32.const i64.const f32.const f64.const"),
  ...numbered(0x45, undefined, `i32.eqz ${each("i32", wholeComparisons)}`),
  ...numbered(0x50, undefined, `i64.eqz ${each("i64", wholeComparisons)}`),
  ...numbered(0x5b, undefined, `${each("f32", floatComparisons)} ${each("f64", floatComparisons)}`),
  ...numbered(0x6a, undefined, each("i32", wholeArithmetic)),
  ...numbered(0x7c, undefined, each("i64", wholeArithmetic)),
  ...numbered(0x8b, undefined, `${each("f32", floatArithmetic)} ${each("f64", floatArithmetic)}`),
  ...numbered(0xa7, undefined, "i32.wrap_i64 - - - - i64.extend_i32_s i64.extend_i32_u"),
  ...numbered(0xb2, undefined, "f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s - f32.demote_f64"),
  ...numbered(0xb7, undefined, "f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s - f64.promote_f32"),
  ...numbered(0xbc, undefined, "i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64"),
  ...numbered(
    0x00,
    saturating,
    "i32.trunc_sat_f32_s - i32.trunc_sat_f64_s - i64.trunc_sat_f32_s - i64.trunc_sat_f64_s",
  ),
  ...numbered(0x00, vector, "v128.load"),
  ...numbered(0x09, vector, "v128.load32_splat v128.load64_splat v128.store v128.const i8x16.shuffle"),
  ...numbered(0x11, vector, "i32x4.splat i64x2.splat f32x4.splat f64x2.splat"),
  ...numbered(0x1b, vector, "i32x4.extract_lane"),
  ...numbered(0x1f, vector, "f32x4.extract_lane f32x4.replace_lane f64x2.extract_lane"),
  ...numbered(0x37, vector, each("i32x4", wholeComparisons)),
  ...numbered(0x41, vector, `${each("f32x4", floatComparisons)} ${each("f64x2", floatComparisons)}`),
  ...numbered(0x4d, vector, "v128.not v128.and v128.andnot v128.or v128.xor v128.bitselect"),
  ...numbered(0x5c, vector, "v128.load32_zero - f32x4.demote_f64x2_zero f64x2.promote_low_f32x4"),
  ...numbered(0x67, vector, each("f32x4", "ceil floor trunc nearest")),
  ...numbered(0x74, vector, "f64x2.ceil f64x2.floor - - - - f64x2.trunc"),
  ...numbered(0x89, vector, "i16x8.extend_low_i8x16_u"),
  ...numbered(0x94, vector, "f64x2.nearest"),
  ...numbered(0xa9, vector, "i32x4.extend_low_i16x8_u - i32x4.shl i32x4.shr_s i32x4.shr_u i32x4.add - - i32x4.sub"),
  ...numbered(0xb5, vector, "i32x4.mul"),
  ...numbered(0xcb, vector, "i64x2.shl i64x2.shr_s i64x2.shr_u i64x2.add - - i64x2.sub - - - i64x2.mul"),
  ...numbered(0xe0, vector, each("f32x4", "abs neg - sqrt add sub mul div min max")),
  ...numbered(0xec, vector, each("f64x2", "abs neg - sqrt add sub mul div min max")),
  ...numbered(0xf8, vector, "i32x4.trunc_sat_f32x4_s - f32x4.convert_i32x4_s"),
]);

export function isInstruction(name: string): boolean {
  return numbers.has(name);
}

/** The bytes of an instruction without its immediates. */
export function instruction(name: string): readonly number[] {
  const bytes = numbers.get(name);
  if (bytes === undefined) throw new RangeError(`there is no WebAssembly instruction ${name}`);
  return bytes;
}
