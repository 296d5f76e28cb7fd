import { TensorError } from "../errors.ts";
import { broadcastShapes } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { apply, call, convert, type Expression, elementwise, number, type Operator, select } from "../wasm/loops.ts";
import { emitInt64Extreme, emitInt64Sign } from "./int64.ts";
import { emitNaNAs } from "./nan.ts";
import {
  type Attributes,
  defineOp,
  type Emitter,
  type Input,
  type None,
  namesOf,
  type TensorType,
  type Value,
} from "./op.ts";

function broadcastType(
  name: string,
  booleans: boolean,
): (inputs: readonly [a: TensorType, b: TensorType]) => TensorType {
  return ([a, b]) => {
    if (a.dtype === "bool" && !booleans) {
      throw new TensorError(
        "TENSOR_DTYPE",
        `${name} needs numbers, not bool; convert with .to("int64") or .to("float32")`,
      );
    }
    return { shape: broadcastShapes(a.shape, b.shape, name), dtype: a.dtype };
  };
}

type PairRule = (a: Tensor, b: Tensor, gradient: Tensor, output: Tensor) => readonly [() => Tensor, () => Tensor];

/** Of two numbers of one kind; of booleans sums and extremes are what is said of `onnxBool`. */
function combined(operator: Operator, a: Expression, b: Expression): Expression {
  const { kind } = a;
  if (kind === "bool") return apply(operator === "add" || operator === "max" ? "or" : "and", kind, a, b);
  if (kind === "i32" || kind === "i64") {
    if (operator === "max") return select(apply("gt", "bool", a, b), a, b);
    if (operator === "min") return select(apply("lt", "bool", a, b), a, b);
  }
  return apply(operator, kind, a, b);
}

/**
 * Two operands of one type, NumPy broadcasting. The rule's gradients have the output's shape; they are summed back here.
 * `onnxBool` is what the op is for booleans, where it is anything, `int64` the comparison that decides between such operands.
 */
function binary(
  name: string,
  onnx: string,
  operator: Operator | "pow",
  rule: PairRule,
  { onnxBool, int64 }: { readonly onnxBool?: "And" | "Or"; readonly int64?: "Less" | "Greater" } = {},
) {
  return defineOp<None, [a: Input, b: Input]>({
    name,
    broadcasts: true,
    infer: broadcastType(name, onnxBool !== undefined),
    gradient({ inputs: [a, b], output, gradient, needs }) {
      const [forA, forB] = rule(a, b, gradient, output);
      return [needs(0) ? forA().sumTo(a.shape) : undefined, needs(1) ? forB().sumTo(b.shape) : undefined];
    },
    emit(emitter, inputs, _attributes, { dtype }) {
      if (dtype === "int64" && int64 !== undefined)
        return emitInt64Extreme(emitter, int64, inputs[0].name, inputs[1].name);
      return emitter.node(dtype === "bool" ? (onnxBool ?? onnx) : onnx, namesOf(inputs));
    },
    loops(inputs, _attributes, { dtype }) {
      const isFloat = dtype === "float32";
      // A quotient by 0 of whole numbers would end the program.
      if (!isFloat && operator === "div") return undefined;
      const power = isFloat ? (a: Expression, b: Expression) => call("pow", a, b) : wholePower;
      return elementwise(inputs, dtype, (a, b) => (operator === "pow" ? power(a, b) : combined(operator, a, b)));
    },
  });
}

/** Powers of whole numbers, by squares; of negative exponents what is left of 1 / a. */
function wholePower(a: Expression, b: Expression): Expression {
  const { kind } = a;
  const whole = (value: number) => number(kind, value);
  const is = (operator: Operator, x: Expression, y: Expression) => apply(operator, "bool", x, y);
  const isNegative = is("lt", b, whole(0));
  const size = select(isNegative, apply("sub", kind, whole(0), b), b);
  // Larger exponents matter to 0, 1 and -1 alone: to them it is whether they are odd.
  const exponent = select(
    is("gt", size, whole(63)),
    apply("add", kind, whole(62), apply("and", kind, size, whole(1))),
    size,
  );
  let [power, square] = [whole(1), a];
  for (let bit = 0; bit < 6; bit++) {
    const isSet = is("ne", apply("and", kind, exponent, whole(2 ** bit)), whole(0));
    power = select(isSet, apply("mul", kind, power, square), power);
    square = apply("mul", kind, square, square);
  }
  const isUnit = apply("or", "bool", is("eq", a, whole(1)), is("eq", a, whole(-1)));
  return select(apply("and", "bool", isNegative, apply("not", "bool", isUnit)), whole(0), power);
}

export const add = binary("add", "Add", "add", (_a, _b, g) => [() => g, () => g], { onnxBool: "Or" });
export const sub = binary("sub", "Sub", "sub", (_a, _b, g) => [() => g, () => g.neg()]);
export const mul = binary("mul", "Mul", "mul", (a, b, g) => [() => g.mul(b), () => g.mul(a)], { onnxBool: "And" });
export const div = binary("div", "Div", "div", (_a, b, g, y) => [() => g.div(b), () => g.mul(y).div(b).neg()]);

/** a to the power b. As in PyTorch, the gradient is 0 (not NaN) where b is 0, and for b where a is 0 and b >= 0. */
export const pow = binary("pow", "Pow", "pow", (a, b, g, y) => [
  () => baseGradient(a, b, g, y),
  () => g.mul(a.eq(0).logicalAnd(b.ge(0)).where(y.zerosLike(), y.mul(a.log()))),
]);

/** g b a^(b - 1), by the shortest way where the exponent is known. */
function baseGradient(a: Tensor, b: Tensor, g: Tensor, y: Tensor): Tensor {
  const exponent = b.source.kind === "constant" && b.numel === 1 ? Number(b.source.data[0]) : undefined;
  if (exponent === undefined) return g.mul(b.eq(0).where(b.zerosLike(), b.mul(a.pow(b.sub(1)))));
  if (exponent === 0) return g.mul(0);
  return exponent === 0.5 ? g.div(y.mul(2)) : g.mul(a.pow(exponent - 1).mul(exponent));
}

/** Where both are equal each gets half of the gradient, as in PyTorch. */
function pickRule(wins: (a: Tensor, b: Tensor) => Tensor): PairRule {
  const share = (winner: Tensor, a: Tensor, b: Tensor, g: Tensor) =>
    a.eq(b).where(g.mul(0.5), winner.where(g, g.zerosLike()));
  return (a, b, g) => [() => share(wins(a, b), a, b, g), () => share(wins(b, a), a, b, g)];
}
export const maximum = binary(
  "maximum",
  "Max",
  "max",
  pickRule((a, b) => a.gt(b)),
  { onnxBool: "Or", int64: "Greater" },
);
export const minimum = binary(
  "minimum",
  "Min",
  "min",
  pickRule((a, b) => a.lt(b)),
  { onnxBool: "And", int64: "Less" },
);

/** The type of an operand that must be float32. */
export function floatType(name: string, { shape, dtype }: TensorType): TensorType {
  if (dtype === "float32") return { shape, dtype };
  throw new TensorError("TENSOR_DTYPE", `${name} needs a float32 tensor, not ${dtype}; convert it with .to("float32")`);
}

/** As in PyTorch NaN has no sign: 0. */
function emitSign(emitter: Emitter, x: Value): string {
  return x.dtype === "int64" ? emitInt64Sign(emitter, x.name) : emitter.node("Sign", [emitNaNAs(emitter, x, 0)]);
}

/** One operand, output of its type and shape. Floating only, unless `integers`. */
export function unary<A extends Attributes = None>(
  name: string,
  onnx: string,
  loop: (x: Expression, attributes: A) => Expression,
  rule: (x: Tensor, y: Tensor, g: Tensor, attributes: A) => Tensor | undefined,
  options: {
    integers?: boolean;
    attributes?: (attributes: A) => Readonly<Record<string, { float: number }>>;
    domain?: string;
    /** What is written instead of the one ONNX node. */
    special?: (emitter: Emitter, x: Value) => string;
  } = {},
) {
  return defineOp<A, [x: Input]>({
    name,
    infer: ([x]) => (options.integers === true && x.dtype !== "bool" ? x : floatType(name, x)),
    gradient: ({ inputs: [x], output, gradient, attributes }) => [rule(x, output, gradient, attributes)],
    emit(emitter, [x], attributes) {
      return (
        options.special?.(emitter, x) ??
        emitter.node(onnx, [x.name], options.attributes?.(attributes) ?? {}, options.domain)
      );
    },
    loops: ([x], attributes, { dtype }) => elementwise([x], dtype, (element) => loop(element, attributes)),
  });
}

const operation =
  (operator: Operator) =>
  (x: Expression): Expression =>
    apply(operator, x.kind, x);
/** A function of `wasm/functions.ts`. */
export const elementary =
  (name: string) =>
  (x: Expression): Expression =>
    call(name, x);
const zero = ({ kind }: Expression) => number(kind, 0);
const isAbove = (x: Expression, limit: Expression) => apply("gt", "bool", x, limit);
const isBelow = (x: Expression, limit: Expression) => apply("lt", "bool", x, limit);

function absolute(x: Expression): Expression {
  return x.kind === "f32" ? apply("abs", "f32", x) : select(isBelow(x, zero(x)), apply("neg", x.kind, x), x);
}

function signOf(x: Expression): Expression {
  return apply("sub", x.kind, convert(x.kind, isAbove(x, zero(x))), convert(x.kind, isBelow(x, zero(x))));
}

// Gradients are written with the output where that saves a recomputation or keeps a fused kernel possible.
export const neg = unary("neg", "Neg", operation("neg"), (_x, _y, g) => g.neg(), { integers: true });
export const abs = unary("abs", "Abs", absolute, (x, _y, g) => g.mul(x.sign()), { integers: true });
export const sign = unary("sign", "Sign", signOf, () => undefined, {
  integers: true,
  special: emitSign,
});
export const floor = unary("floor", "Floor", operation("floor"), () => undefined);
export const exp = unary("exp", "Exp", elementary("exp"), (_x, y, g) => g.mul(y));
export const log = unary("log", "Log", elementary("log"), (x, _y, g) => g.div(x));
export const sqrt = unary("sqrt", "Sqrt", operation("sqrt"), (_x, y, g) => g.div(y.mul(2)));
export const erf = unary("erf", "Erf", elementary("erf"), (x, _y, g) =>
  g.mul(x.mul(x).neg().exp()).mul(2 / Math.sqrt(Math.PI)),
);
/** 1 where x is above 0, else 0; of NaN 1 on WebAssembly, where gradients pass it as PyTorch's do, else NaN. */
export const isPositive = defineOp<None, [x: Input]>({
  name: "isPositive",
  infer: ([x]) => x,
  // max(0, min(1, slope x)), twice: the smallest numbers times the steepest slope are not yet 1. Two fast passes take half of
  // the time of a comparison and a selection.
  emit(emitter, [x]) {
    const steep = { alpha: { float: 3e38 }, beta: { float: 0 } };
    return emitter.node("HardSigmoid", [emitter.node("HardSigmoid", [x.name], steep)], steep);
  },
  loops: ([x]) =>
    elementwise([x], "float32", (element) =>
      select(apply("le", "bool", element, zero(element)), zero(element), number("f32", 1)),
    ),
});
export const relu = unary(
  "relu",
  "Relu",
  (x) => apply("max", "f32", x, number("f32", 0)),
  (_x, y, g) => g.mul(y.isPositive()),
);
export const sigmoid = unary("sigmoid", "Sigmoid", elementary("sigmoid"), (_x, y, g) => g.mul(y.sub(y.mul(y))));
/** log(1 + exp x), computed without overflow. */
export const softplus = unary("softplus", "Softplus", elementary("softplus"), (x, _y, g) => g.mul(x.sigmoid()));
export const tanh = unary("tanh", "Tanh", elementary("tanh"), (_x, y, g) => g.sub(g.mul(y.mul(y))));

export const leakyRelu = unary<{ readonly slope: number }>(
  "leakyRelu",
  "LeakyRelu",
  (x, { slope }) => select(isAbove(x, zero(x)), x, apply("mul", "f32", x, number("f32", slope))),
  (x, _y, g, { slope }) => x.gt(0).where(g, g.mul(slope)),
  { attributes: ({ slope }) => ({ alpha: { float: slope } }) },
);

/** alpha (exp x - 1) below zero. */
export const elu = unary<{ readonly alpha: number }>(
  "elu",
  "Elu",
  (x, { alpha }) => select(isAbove(x, zero(x)), x, apply("mul", "f32", number("f32", alpha), call("expm1", x))),
  (x, y, g, { alpha }) => x.gt(0).where(g, g.mul(y.add(alpha))),
  { attributes: ({ alpha }) => ({ alpha: { float: alpha } }) },
);
