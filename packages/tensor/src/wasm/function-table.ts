/** The elementary functions of a module: each is compiled when it is first called, for one number or for four. */
import { elementAt } from "../element-at.ts";
import { operandsOf } from "./analysis.ts";
import { elementaryFunction, tables } from "./functions.ts";
import type { Expression, Kind } from "./loops.ts";
import { FunctionBody, type ModuleBuilder, type Segment, type ValueType } from "./module.ts";
import { addOperator, addVectorOperator } from "./operators.ts";

/** Where tables begin in memory, and what is free after them. */
const tablesAt = 32;

export class FunctionTable {
  readonly #module: ModuleBuilder;
  readonly #numbers = new Map<string, number>();

  constructor(module: ModuleBuilder) {
    this.#module = module;
  }

  /** The number of a function of float32, or of vectors of four. */
  number(name: string, isVector: boolean): number {
    const key = isVector ? `${name} of vectors` : name;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const index = this.#module.declare();
    this.#numbers.set(key, index);
    this.#module.define(index, isVector ? vectorFunction(name) : scalarFunction(name));
    return index;
  }
}

const places: ReadonlyMap<string, Segment> = new Map(
  Object.entries(tables).map(([name, make]) => [name, { at: tablesAt, bytes: new Uint8Array(make().buffer) }]),
);
export const tableSegments: readonly Segment[] = [...places.values()];
/** The first byte after what all modules have at the same place; of a whole vector. */
export const firstFree = 128;

function scalarFunction(name: string): FunctionBody {
  const { operands, body: expression } = elementaryFunction(name);
  const body = new FunctionBody({ parameters: Array<ValueType>(operands).fill("f32"), results: ["f32"] });
  const given = Array.from({ length: operands }, (_, parameter) => {
    const local = body.local("f64");
    body.add("local.get", parameter).add("f64.promote_f32").add("local.set", local);
    return local;
  });
  new FunctionEmitter(body, given, false).value(expression);
  body.add("f32.demote_f64");
  return body;
}

function vectorFunction(name: string): FunctionBody {
  const { operands, body: expression } = elementaryFunction(name);
  const body = new FunctionBody({ parameters: Array<ValueType>(operands).fill("v128"), results: ["v128"] });
  const upper = Array.from({ length: 16 }, (_, byte) => (byte + 8) % 16);
  for (const half of [0, 1]) {
    const given = Array.from({ length: operands }, (_, parameter) => {
      const local = body.local("v128");
      body.add("local.get", parameter);
      if (half === 1) body.add("local.get", parameter).withBytes("i8x16.shuffle", upper);
      body.add("f64x2.promote_low_f32x4").add("local.set", local);
      return local;
    });
    new FunctionEmitter(body, given, true).value(expression);
    body.add("f32x4.demote_f64x2_zero");
  }
  // The first two of each.
  const joined = Array.from({ length: 16 }, (_, byte) => (byte < 8 ? byte : byte + 8));
  return body.withBytes("i8x16.shuffle", joined);
}

const valueTypes: Readonly<Record<Kind, ValueType>> = { f32: "f32", f64: "f64", i32: "i32", i64: "i64", bool: "i32" };

/** Writes the expression of a function; what stands in it more than once is computed once. */
class FunctionEmitter {
  readonly #body: FunctionBody;
  readonly #given: readonly number[];
  readonly #isVector: boolean;
  readonly #known = new Map<Expression, number>();

  constructor(body: FunctionBody, given: readonly number[], isVector: boolean) {
    this.#body = body;
    this.#given = given;
    this.#isVector = isVector;
  }

  value(expression: Expression): void {
    const body = this.#body;
    if (expression.form === "number") {
      this.#number(expression.kind, expression.value);
      return;
    }
    if (expression.form === "argument") {
      body.add("local.get", elementAt(this.#given, expression.number));
      return;
    }
    const known = this.#known.get(expression);
    if (known !== undefined) {
      body.add("local.get", known);
      return;
    }
    this.#compute(expression);
    const local = body.local(this.#isVector ? "v128" : valueTypes[expression.kind]);
    body.add("local.tee", local);
    this.#known.set(expression, local);
  }

  #number(kind: Kind, value: number | bigint): void {
    const body = this.#body;
    if (this.#isVector) {
      const pair =
        kind === "f64" ? Float64Array.of(Number(value), Number(value)) : BigInt64Array.of(BigInt(value), BigInt(value));
      body.withBytes("v128.const", new Uint8Array(pair.buffer));
    } else if (kind === "f32" || kind === "f64") body.float(kind, Number(value));
    else body.whole(kind === "i64" ? "i64" : "i32", value);
  }

  #compute(expression: Expression): void {
    const body = this.#body;
    const operands = operandsOf(expression);
    const first = elementAt(operands, 0);
    if (expression.form === "table") {
      this.value(first);
      body
        .whole("i32", 4)
        .add("i32.mul")
        .access("i32.load", places.get(expression.table)?.at ?? 0);
    } else if (expression.form === "when" || (expression.form === "apply" && expression.operator === "select")) {
      // Both are computed: what they have in common with the rest stays known.
      for (const operand of [...operands.slice(1), first]) this.value(operand);
      body.add(this.#isVector ? "v128.bitselect" : "select");
    } else if (expression.form === "apply") {
      const { operator, kind } = expression;
      this.value(first);
      const second = operands[1];
      const isShift = operator === "shl" || operator === "shrS" || operator === "shrU";
      if (second?.form === "number" && isShift && this.#isVector) body.whole("i32", second.value);
      else if (second !== undefined) this.value(second);
      if (this.#isVector) addVectorOperator(body, operator, kind, first.kind);
      else addOperator(body, operator, kind, first.kind);
    } else throw new RangeError(`a function cannot have ${expression.form}`);
  }
}
