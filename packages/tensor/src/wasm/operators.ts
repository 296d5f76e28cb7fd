/** Operators of the loop language as instructions. */
import { isInstruction } from "./instructions.ts";
import type { Kind, Operator } from "./loops.ts";
import type { FunctionBody } from "./module.ts";

/** Names of scalar instructions that differ from operators'. */
const wholeNames: Readonly<Record<string, string>> = {
  div: "div_s",
  shrU: "shr_u",
  shrS: "shr_s",
  remS: "rem_s",
  lt: "lt_s",
  le: "le_s",
  gt: "gt_s",
  ge: "ge_s",
  ltU: "lt_u",
};

export function addOperator(body: FunctionBody, operator: Operator, kind: Kind, from: Kind): void {
  const isFloat = from === "f32" || from === "f64";
  const type = from === "bool" ? "i32" : from;
  switch (operator) {
    case "not":
      body.add("i32.eqz");
      return;
    case "convert":
    case "convertU":
      body.add(conversions[`${from} ${kind}${operator === "convertU" ? " U" : ""}`] ?? `${from} to ${kind}`);
      return;
    case "reinterpret":
      body.add(`${kind}.reinterpret_${from}`);
      return;
    case "max":
    case "min": {
      if (isFloat) {
        body.add(`${type}.${operator}`);
        return;
      }
      // Of whole numbers there is no such instruction.
      const local = from === "i64" ? "i64" : "i32";
      const [a, b] = [body.scratch(local, 0), body.scratch(local, 1)];
      body.add("local.set", b).add("local.tee", a).add("local.get", b).add("local.get", a).add("local.get", b);
      body.add(`${local}.${operator === "max" ? "gt_s" : "lt_s"}`).add("select");
      return;
    }
    case "neg":
      if (isFloat) body.add(`${type}.neg`);
      else body.whole(from === "i64" ? "i64" : "i32", -1).add(`${type}.mul`);
      return;
    default:
      body.add(`${type}.${isFloat ? operator : (wholeNames[operator] ?? operator)}`);
  }
}

const conversions: Readonly<Record<string, string>> = {
  "f32 f64": "f64.promote_f32",
  "f64 f32": "f32.demote_f64",
  "i32 f32": "f32.convert_i32_s",
  "i32 f32 U": "f32.convert_i32_u",
  "i32 f64": "f64.convert_i32_s",
  "i64 f32": "f32.convert_i64_s",
  "i64 f64": "f64.convert_i64_s",
  "i32 i64": "i64.extend_i32_s",
  "i32 i64 U": "i64.extend_i32_u",
  "i64 i32": "i32.wrap_i64",
  "f32 i32": "i32.trunc_sat_f32_s",
  "f32 i64": "i64.trunc_sat_f32_s",
  "f64 i32": "i32.trunc_sat_f64_s",
  "f64 i64": "i64.trunc_sat_f64_s",
};

/** Of f32 and i32 four at a time, of f64 and i64 two; conditions are masks. */
export function addVectorOperator(body: FunctionBody, operator: Operator, kind: Kind, from: Kind): void {
  const isFloat = from === "f32" || from === "f64";
  const type = { f32: "f32x4", f64: "f64x2", i32: "i32x4", i64: "i64x2", bool: "v128" }[from];
  switch (operator) {
    case "not":
      body.add("v128.not");
      return;
    case "and":
    case "or":
    case "xor":
      body.add(`v128.${operator}`);
      return;
    case "convert":
      body.add(kind === "f32" ? "f32x4.convert_i32x4_s" : "i32x4.trunc_sat_f32x4_s");
      return;
    case "reinterpret":
      return;
    case "copysign": {
      // The second operand's sign bits into the first.
      const sign =
        from === "f32" ? Int32Array.of(...Array(4).fill(-(2 ** 31))) : BigInt64Array.of(-(2n ** 63n), -(2n ** 63n));
      const [size, signs] = [body.scratch("v128", 0), body.scratch("v128", 1)];
      body.add("local.set", signs).add("local.set", size);
      body.add("local.get", signs).add("local.get", size).withBytes("v128.const", new Uint8Array(sign.buffer));
      body.add("v128.bitselect");
      return;
    }
    case "neg":
      if (isFloat) body.add(`${type}.neg`);
      else body.whole("i32", -1).add("i32x4.splat").add("i32x4.mul");
      return;
    default: {
      const name = `${type}.${isFloat ? operator : (wholeNames[operator] ?? operator)}`;
      if (!isInstruction(name)) throw new RangeError(`vectors of ${from} have no ${operator}`);
      body.add(name);
    }
  }
}
