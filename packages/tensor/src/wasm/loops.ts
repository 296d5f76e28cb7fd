/**
 * The loop language: what an op computes, element by element, for shapes that are known.
 *
 * A nest gives each element of its result by an expression of the element's position:
 *
 *     result[i, j] = expression(i, j)            for all i, j of the result's shape
 *
 * Positions are indices: whole-number combinations of axes, of quotients and remainders of such by a constant, and of numbers
 * that are read. Expressions read elements of the op's operands at indices, apply scalar operators, choose, and reduce over
 * axes of their own, in order:
 *
 *     matmul       result[i, j] = reduce add over k: a[i, k] * b[k, j]
 *     softmax      m[i] = reduce max over k: x[i, k];   s[i] = reduce add over k: exp(x[i, k] - m[i]);   ...
 *     transpose    result[i, j] = x[j, i]
 *     reshape      result[i, j] = x[(i * columns + j) / n, (i * columns + j) % n]
 *     pad          result[i] = when i - before within [0, size): x[i - before], else value
 *     gather       result[i, j] = x[checked index[i], j]
 *
 * An op that needs more than one nest has stages: the result of a stage is an operand of those after it. A nest may end with
 * additions at indices that it computes (`onto`), which is what gradients of gathering are; that is the only statement there is.
 *
 * Two kinds of ops have none of this of their own: those that are said in terms of other ops (`composed`), and loops over slices
 * (`scan`), whose body is a step of its own within the step: a function that is told where its slices lie, see `compile.ts`.
 *
 * Nests are plain data and say nothing of an order among the elements of a result, of memory or of instructions. So whoever
 * compiles them may put the expression of one nest into the place where another reads it: that is fusion, and costs nothing
 * but substituting indices. Only the order within a reduction is fixed by the language, since it decides the bits of sums;
 * where a reduction runs along adjacent elements, it is four interleaved sums, then their sum: see `emit-nest.ts`.
 */
import type { DType } from "../dtype.ts";
import { broadcastShapes, type Shape, sizeOf } from "../shape.ts";
import { type Axis, at, axisOf, constantIndex, type Index, plus, times } from "./indices.ts";

/** Types of scalars. In memory bool and uint8 take a byte; uint8 is i32 in expressions. */
export type Kind = "f32" | "f64" | "i32" | "i64" | "bool";

export type Operator =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "min"
  | "max"
  | "and"
  | "or"
  | "xor"
  | "shl"
  | "shrU"
  | "shrS"
  | "remS"
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "ltU"
  | "neg"
  | "abs"
  | "sqrt"
  | "floor"
  | "trunc"
  | "nearest"
  | "not"
  | "copysign"
  /** Another kind of number, cut towards zero where it becomes whole; and the same bits as another kind. */
  | "convert"
  | "convertU"
  | "reinterpret"
  /** Both values are computed. */
  | "select";

export type Expression =
  | { readonly form: "number"; readonly kind: Kind; readonly value: number | bigint }
  /** The position itself, as a number. */
  | { readonly form: "position"; readonly kind: "i32"; readonly index: Index }
  | { readonly form: "read"; readonly kind: Kind; readonly operand: number; readonly at: readonly Index[] }
  | {
      readonly form: "apply";
      readonly kind: Kind;
      readonly operator: Operator;
      readonly operands: readonly Expression[];
    }
  /** A function of `functions.ts`. */
  | { readonly form: "call"; readonly kind: "f32"; readonly name: string; readonly operands: readonly Expression[] }
  /** An argument of a function. */
  | { readonly form: "argument"; readonly kind: "f64"; readonly number: number }
  /** An entry of a table that functions share. */
  | { readonly form: "table"; readonly kind: Kind; readonly table: string; readonly index: Expression }
  /** Whether from <= index < to. */
  | {
      readonly form: "within";
      readonly kind: "bool";
      readonly index: Index;
      readonly from: number;
      readonly to: number;
    }
  /** Only what is chosen is computed, so that what is read elsewhere need not exist. */
  | {
      readonly form: "when";
      readonly kind: Kind;
      readonly condition: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    }
  /** A number that must be an index of an axis of `size`: negative ones count from the end; others end the program. */
  | { readonly form: "checked"; readonly kind: "i32"; readonly index: Expression; readonly size: number }
  | {
      readonly form: "reduce";
      readonly kind: Kind;
      readonly operator: Operator;
      readonly axes: readonly Axis[];
      readonly start: Expression;
      readonly body: Expression;
    };

export interface Nest {
  readonly shape: Shape;
  readonly dtype: DType;
  /** One for each axis of the result. */
  readonly axes: readonly Axis[];
  readonly value: Expression;
  /** Afterwards, for all positions of these axes in order: the value at an index of the result is changed by another. */
  readonly onto?: {
    readonly axes: readonly Axis[];
    readonly at: readonly Index[];
    /** Absent: put there. */
    readonly operator?: Operator;
    readonly value: Expression;
  };
}

export interface Operand {
  readonly shape: Shape;
  readonly dtype: DType;
  at(indices: readonly Index[]): Expression;
}

/** What an op may need besides its operands to say its nest. */
export interface LoopContext {
  readonly stages: Stages;
  /** The two halves of a random op's key: see `randomBits`. */
  readonly randomKey: readonly [Expression, Expression] | undefined;
}

export function kindOf(dtype: DType): Kind {
  switch (dtype) {
    case "float32":
      return "f32";
    case "int64":
      return "i64";
    case "bool":
      return "bool";
    default:
      return "i32";
  }
}

/** What is read from the operand of that number. */
export function operandOf(
  operand: number,
  { shape, dtype }: { readonly shape: Shape; readonly dtype: DType },
): Operand {
  return { shape, dtype, at: (indices) => ({ form: "read", kind: kindOf(dtype), operand, at: indices }) };
}

/** A nest with an axis for each of the result's. */
export function nest(
  { shape, dtype }: { readonly shape: Shape; readonly dtype: DType },
  value: (position: readonly Index[]) => Expression,
): Nest {
  const axes = shape.map(axisOf);
  return { shape, dtype, axes, value: value(axes.map(at)) };
}

/** Stages of an op one after the other, and tables that it reads: each becomes an operand of the next ones. */
export class Stages {
  readonly #inputs: number;
  readonly all: (Nest | Float32Array)[] = [];

  constructor(inputs: number) {
    this.#inputs = inputs;
  }

  add(stage: Nest): Operand {
    this.all.push(stage);
    return operandOf(this.#inputs + this.all.length - 1, stage);
  }

  table(data: Float32Array): Operand {
    this.all.push(data);
    return operandOf(this.#inputs + this.all.length - 1, { shape: [data.length], dtype: "float32" });
  }
}

/** The element of an operand that broadcasting puts at a position. */
export function broadcast({ shape, at: read }: Operand, position: readonly Index[]): Expression {
  const skipped = position.length - shape.length;
  return read(
    shape.map((length, axis) => (length === 1 ? constantIndex(0) : (position[axis + skipped] ?? constantIndex(0)))),
  );
}

/** Of operands that broadcast against each other. */
export function elementwise<const Operands extends readonly Operand[]>(
  operands: Operands,
  dtype: DType,
  value: (...elements: { readonly [K in keyof Operands]: Expression }) => Expression,
): Nest;
export function elementwise(
  operands: readonly Operand[],
  dtype: DType,
  value: (...elements: readonly Expression[]) => Expression,
): Nest {
  const shape = operands.map((operand) => operand.shape).reduce((a, b) => broadcastShapes(a, b, "loops"));
  return nest({ shape, dtype }, (position) =>
    stored(dtype, value(...operands.map((operand) => broadcast(operand, position)))),
  );
}

/** What of a value a type holds: of a byte the last 8 bits. */
export function stored(dtype: DType, value: Expression): Expression {
  return dtype === "uint8" ? apply("and", "i32", value, number("i32", 255)) : value;
}

export function number(kind: Kind, value: number | bigint): Expression {
  return { form: "number", kind, value: kind === "i64" ? BigInt(value) : Number(value) };
}

export function apply(operator: Operator, kind: Kind, ...operands: readonly Expression[]): Expression {
  return { form: "apply", kind, operator, operands };
}

export function select(condition: Expression, yes: Expression, no: Expression): Expression {
  return apply("select", yes.kind, condition, yes, no);
}

export function call(name: string, ...operands: readonly Expression[]): Expression {
  return { form: "call", kind: "f32", name, operands };
}

export function position(index: Index): Expression {
  return { form: "position", kind: "i32", index };
}

export function within(index: Index, from: number, to: number): Expression {
  return { form: "within", kind: "bool", index, from, to };
}

export function when(condition: Expression, yes: Expression, no: Expression): Expression {
  return { form: "when", kind: yes.kind, condition, yes, no };
}

export function checked(index: Expression, size: number): Expression {
  return { form: "checked", kind: "i32", index, size };
}

/** Over new axes of these sizes, of which `body` makes its expression. */
export function reduce(
  operator: Operator,
  sizes: readonly number[],
  start: Expression,
  body: (position: readonly Index[]) => Expression,
): Expression {
  const axes = sizes.map(axisOf);
  return { form: "reduce", kind: start.kind, operator, axes, start, body: body(axes.map(at)) };
}

/** A value of another kind; of bool: 0 or 1, and whether it is not 0. */
export function convert(kind: Kind, value: Expression): Expression {
  if (value.kind === kind) return value;
  if (kind === "bool") return apply("ne", "bool", value, number(value.kind, 0));
  if (value.kind === "bool") return select(value, number(kind, 1), number(kind, 0));
  return apply("convert", kind, value);
}

/** Row-major place of a position within a shape. */
export function place(shape: Shape, indices: readonly Index[]): Index {
  return indices.reduce((sum, index, axis) => plus(times(sum, shape[axis] ?? 1), index), constantIndex(0));
}

/** Of sums of more elements float32 loses too much: each addition to a large number rounds much of the small one away. */
const longSum = 1024;

/** The kind in which so many numbers are summed up: long sums of float32 in float64. */
export function sumKind(kind: Kind, count: number): Kind {
  return kind === "f32" && count > longSum ? "f64" : kind;
}

/** Blocks of fewer elements are not worth a loop of their own. */
const shortestBlock = 32;

/**
 * The sum over new axes of these sizes. A long one of float32 comes as float64, which adds up sums of blocks: within a block four
 * elements go at a time, which those of float64 would not. A block that exceeds float32 makes the sum Infinity though the mean
 * would not: so does PyTorch's sum of float32, of 2048 times 1e36.
 */
export function sum(
  kind: Kind,
  sizes: readonly number[],
  body: (position: readonly Index[]) => Expression,
): Expression {
  const whole = sumKind(kind, sizeOf(sizes));
  const inOrder = () => reduce("add", sizes, number(whole, 0), (position) => convert(whole, body(position)));
  if (whole === kind) return inOrder();
  const { blocks, lengths } = blocksOf(sizes);
  if (sizeOf(lengths) < shortestBlock) return inOrder();
  return reduce("add", blocks, number(whole, 0), (block) =>
    convert(
      whole,
      reduce("add", lengths, number(kind, 0), (within) =>
        body(
          lengths.map((length, axis) =>
            plus(times(block[axis] ?? constantIndex(0), length), within[axis] ?? constantIndex(0)),
          ),
        ),
      ),
    ),
  );
}

/** How many blocks there are along each axis, and how long they are: whole inner axes, and a part of the next one. */
function blocksOf(sizes: readonly number[]): {
  readonly blocks: readonly number[];
  readonly lengths: readonly number[];
} {
  let room = longSum;
  const lengths = sizes
    .toReversed()
    .map((size) => {
      let length = Math.min(size, room);
      while (size % length !== 0) length--;
      room = length === size ? Math.floor(room / size) : 1;
      return length;
    })
    .toReversed();
  return { blocks: sizes.map((size, axis) => size / (lengths[axis] ?? 1)), lengths };
}
