/**
 * Elementary functions of float32, as expressions in float64 that are rounded once at their end: within 1 ulp of float32 of
 * the true value (`functions.test.ts` says how near), and made of additions, multiplications, divisions, roots and moves of
 * bits alone, so that all machines agree. There are no branches but selections, so that vectors compute two at a time; sin,
 * cos and tan, which read a table, are computed one by one.
 *
 * Special values are IEEE's. Polynomials are truncated series where these converge fast enough: after reduction to
 * [-ln 2 / 2, ln 2 / 2] for exp, |s| < 0.172 for log = 2 artanh s, [-pi / 4, pi / 4] for sin and cos, |t| < 0.415 for arctan.
 */
import { apply, type Expression, number, select, when } from "./loops.ts";

const f = (value: number) => number("f64", value);
const add = (a: Expression, b: Expression) => apply("add", a.kind, a, b);
const sub = (a: Expression, b: Expression) => apply("sub", a.kind, a, b);
const mul = (a: Expression, b: Expression) => apply("mul", a.kind, a, b);
const div = (a: Expression, b: Expression) => apply("div", a.kind, a, b);
const abs = (a: Expression) => apply("abs", a.kind, a);
const neg = (a: Expression) => apply("neg", a.kind, a);
const is = (operator: "eq" | "ne" | "lt" | "gt" | "ge" | "le", a: Expression, b: Expression) =>
  apply(operator, "bool", a, b);
const withSignOf = (size: Expression, sign: Expression) => apply("copysign", "f64", size, sign);
const bitsOf = (x: Expression) => apply("reinterpret", "i64", x);
const fromBits = (bits: Expression) => apply("reinterpret", "f64", bits);
const whole = (value: number | bigint) => number("i64", value);

/** Horner's rule, lowest coefficient first. */
function polynomial(x: Expression, coefficients: readonly number[]): Expression {
  return coefficients
    .slice(0, -1)
    .reduceRight((sum, coefficient) => add(mul(sum, x), f(coefficient)), f(coefficients.at(-1) ?? 0));
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
const expSeries = Array.from({ length: 10 }, (_, index) => 1 / factorial(index + 1));
const artanhSeries = Array.from({ length: 8 }, (_, index) => 2 / (2 * index + 1));
const arctanSeries = Array.from({ length: 11 }, (_, index) => (index % 2 === 0 ? 1 : -1) / (2 * index + 1));
const sinSeries = Array.from({ length: 7 }, (_, index) => (index % 2 === 0 ? 1 : -1) / factorial(2 * index + 1));
const cosSeries = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? 1 : -1) / factorial(2 * index));
const erfSeries = Array.from(
  { length: 14 },
  (_, index) => ((2 / Math.sqrt(Math.PI)) * (index % 2 === 0 ? 1 : -1)) / (factorial(index) * (2 * index + 1)),
);
/** erf on [1, 4], of (x - 2.5) / 1.5: interpolated at Chebyshev's points, to 1.3e-10. */
const erfTail = [
  0.9995930478582281, 0.0032674262997314796, -0.012252828389555867, 0.028181554643100626, -0.04365132690421197,
  0.04645357811683949, -0.03187075519368803, 0.009267782603523931, 0.006650058155527126, -0.009622182119975094,
  0.004635940369604891, 0.0004434473854454298, -0.0019913923311389303, 0.0009188635588691505, 0.00023024139011289886,
  -0.0002938109488582414, 7.403922281333143e-6, 3.293628243122018e-5,
];

/** ln 2 in two parts, of which the first times a number of 11 bits is exact. */
const [ln2High, ln2Low] = [0.6931471803691238, 1.9082149292705877e-10];
/** Added, it leaves the nearest whole number in the lowest bits. */
const roundingShift = 1.5 * 2 ** 52;

/** 2^n and e^r - 1 for x = n ln 2 + r. */
function expParts(x: Expression): { readonly power: Expression; readonly rest: Expression } {
  // Beyond, float32 has zero and infinity alone.
  const limited = apply("max", "f64", apply("min", "f64", x, f(200)), f(-200));
  const moved = add(mul(limited, f(Math.LOG2E)), f(roundingShift));
  const n = sub(moved, f(roundingShift));
  const r = sub(sub(limited, mul(n, f(ln2High))), mul(n, f(ln2Low)));
  const power = fromBits(apply("shl", "i64", apply("add", "i64", bitsOf(moved), whole(1023)), whole(52)));
  return { power, rest: mul(r, polynomial(r, expSeries)) };
}

function exp(x: Expression): Expression {
  const { power, rest } = expParts(x);
  return add(power, mul(power, rest));
}

function expm1(x: Expression): Expression {
  const { power, rest } = expParts(x);
  return withSignOf(add(sub(power, f(1)), mul(power, rest)), x);
}

/** Of a normal number above 0. */
function positiveLog(x: Expression): Expression {
  const bits = bitsOf(x);
  // The exponent is taken so that the rest lies between the roots of 1/2 and 2.
  const offset = 0x3fe6a09e667f3bcdn;
  const above = apply("sub", "i64", bits, whole(offset));
  const exponent = apply("shrS", "i64", above, whole(52));
  const rest = fromBits(apply("sub", "i64", bits, apply("shl", "i64", exponent, whole(52))));
  // A whole number of few bits, without an instruction that vectors lack.
  const shift = bitsOf(f(roundingShift));
  const n = sub(fromBits(apply("add", "i64", exponent, shift)), f(roundingShift));
  const s = div(sub(rest, f(1)), add(rest, f(1)));
  const series = mul(s, polynomial(mul(s, s), artanhSeries));
  return add(mul(n, f(ln2High)), add(mul(n, f(ln2Low)), series));
}

function log(x: Expression): Expression {
  const finite = positiveLog(x);
  const large = select(is("lt", x, f(Number.POSITIVE_INFINITY)), finite, x);
  const real = select(is("gt", x, f(0)), large, select(is("eq", x, f(0)), f(Number.NEGATIVE_INFINITY), f(Number.NaN)));
  return real;
}

/** What rounding took from 1 + x is added afterwards. */
function log1p(x: Expression): Expression {
  const u = add(x, f(1));
  const rounded = log(u);
  const corrected = add(rounded, div(sub(x, sub(u, f(1))), u));
  const isCorrected = apply("and", "bool", is("gt", u, f(0)), is("lt", u, f(Number.POSITIVE_INFINITY)));
  return select(is("eq", x, f(0)), x, select(isCorrected, corrected, rounded));
}

function tanh(x: Expression): Expression {
  const e = expm1(mul(apply("min", "f64", abs(x), f(20)), f(2)));
  return withSignOf(div(e, add(e, f(2))), x);
}

function sigmoid(x: Expression): Expression {
  return div(f(1), add(f(1), exp(neg(x))));
}

/** log(1 + exp x) */
function softplus(x: Expression): Expression {
  return add(log1p(exp(neg(abs(x)))), apply("max", "f64", x, f(0)));
}

function erf(x: Expression): Expression {
  const size = apply("min", "f64", abs(x), f(4));
  const near = mul(size, polynomial(mul(size, size), erfSeries));
  const far = polynomial(mul(sub(size, f(2.5)), f(1 / 1.5)), erfTail);
  return withSignOf(select(is("lt", size, f(1)), near, far), x);
}

function arctan(x: Expression): Expression {
  const size = abs(x);
  const isLarge = is("gt", size, f(1));
  const inverse = select(isLarge, div(f(1), size), size);
  const isMiddle = is("gt", inverse, f(Math.SQRT2 - 1));
  const t = select(isMiddle, div(sub(inverse, f(1)), add(inverse, f(1))), inverse);
  const series = mul(t, polynomial(mul(t, t), arctanSeries));
  const angle = add(series, select(isMiddle, f(Math.PI / 4), f(0)));
  return withSignOf(select(isLarge, sub(f(Math.PI / 2), angle), angle), x);
}

function arcsin(x: Expression): Expression {
  const root = apply("sqrt", "f64", mul(sub(f(1), x), add(f(1), x)));
  return arctan(div(x, root));
}

function arccos(x: Expression): Expression {
  const root = apply("sqrt", "f64", div(sub(f(1), x), add(f(1), x)));
  return mul(arctan(root), f(2));
}

function sinh(x: Expression): Expression {
  const e = expm1(abs(x));
  return withSignOf(mul(f(0.5), add(e, div(e, add(e, f(1))))), x);
}

function cosh(x: Expression): Expression {
  const e = exp(abs(x));
  return mul(f(0.5), add(e, div(f(1), e)));
}

/** |x|^y by logarithm and exponential in float64, whose errors y log x multiplies by at most 104; then what C's pow says. */
function pow(x: Expression, y: Expression): Expression {
  const size = exp(mul(y, log(abs(x))));
  const isWhole = is("eq", apply("trunc", "f64", y), y);
  const half = mul(y, f(0.5));
  const isOdd = apply("and", "bool", isWhole, is("ne", apply("trunc", "f64", half), half));
  const isNegative = is("lt", withSignOf(f(1), x), f(0));
  const isBounded = is("lt", abs(x), f(Number.POSITIVE_INFINITY));
  const hasNoRoot = apply(
    "and",
    "bool",
    apply("and", "bool", is("lt", x, f(0)), isBounded),
    apply("not", "bool", isWhole),
  );
  const signed = select(apply("and", "bool", isNegative, isOdd), neg(size), size);
  const real = select(hasNoRoot, f(Number.NaN), signed);
  const isUnit = apply("and", "bool", is("eq", abs(x), f(1)), is("eq", abs(y), f(Number.POSITIVE_INFINITY)));
  const isOne = apply("or", "bool", apply("or", "bool", is("eq", y, f(0)), is("eq", x, f(1))), isUnit);
  return select(isOne, f(1), real);
}

const twoOverPi = 0xa2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561n;

/** Four bytes of 2 / pi that end with each of its first bytes. */
function piWindows(): Uint32Array {
  return Uint32Array.from({ length: 24 }, (_, index) =>
    Number(BigInt.asUintN(32, twoOverPi >> BigInt(8 * (31 - index)))),
  );
}

/** By the names under which expressions read them. */
export const tables: Readonly<Record<string, () => Uint32Array>> = { piWindows };

/** Quadrant of an angle and what is left within it, after Payne and Hanek: of 2 / pi only those bits are multiplied that count. */
function quarterTurns(x: Expression): { readonly quadrant: Expression; readonly rest: Expression } {
  const small = apply("nearest", "f64", mul(x, f(2 / Math.PI)));
  const nearRest = sub(sub(x, mul(small, f(1.5707963267341256))), mul(small, f(6.077100506506192e-11)));
  const isNear = is("lt", abs(x), f(100));
  const bits = apply("reinterpret", "i32", apply("convert", "f32", abs(x)));
  const i = (value: number) => number("i32", value);
  const start = apply("and", "i32", apply("shrU", "i32", bits, i(26)), i(15));
  const shift = apply("and", "i32", apply("shrU", "i32", bits, i(23)), i(7));
  const mantissa = apply("or", "i32", apply("and", "i32", bits, i(0x7fffff)), i(0x800000));
  const scaled = apply("convertU", "i64", apply("shl", "i32", mantissa, shift));
  const window = (byte: number): Expression =>
    apply("convertU", "i64", {
      form: "table",
      kind: "i32",
      table: "piWindows",
      index: apply("add", "i32", start, i(byte)),
    });
  const high = apply("shl", "i64", mul(scaled, window(0)), whole(32));
  const low = apply("shrU", "i64", mul(scaled, window(8)), whole(32));
  const turns = add(add(high, mul(scaled, window(4))), low);
  const nearest = apply("shrU", "i64", add(turns, whole(1n << 61n)), whole(62));
  const left = sub(turns, apply("shl", "i64", nearest, whole(62)));
  const farRest = mul(apply("convert", "f64", left), f(Math.PI * 2 ** -63));
  const farQuadrant = apply("convert", "f64", nearest);
  const isNegative = is("lt", x, f(0));
  return {
    quadrant: when(isNear, small, select(isNegative, neg(farQuadrant), farQuadrant)),
    rest: when(isNear, nearRest, select(isNegative, neg(farRest), farRest)),
  };
}

/** sin and cos of what is left, and which of them the quadrant asks for. */
function sinCos(x: Expression): { readonly sin: Expression; readonly cos: Expression } {
  const { quadrant, rest } = quarterTurns(x);
  const square = mul(rest, rest);
  const sinOfRest = mul(rest, polynomial(square, sinSeries));
  const cosOfRest = polynomial(square, cosSeries);
  const q = apply("and", "i32", apply("convert", "i32", quadrant), number("i32", 3));
  const swaps = is("ne", apply("and", "i32", q, number("i32", 1)), number("i32", 0));
  const chosen = (a: Expression, b: Expression) => select(swaps, b, a);
  const sinSize = chosen(sinOfRest, cosOfRest);
  const cosSize = chosen(cosOfRest, sinOfRest);
  const isIn = (one: number, other: number) =>
    apply("or", "bool", is("eq", q, number("i32", one)), is("eq", q, number("i32", other)));
  const isBounded = is("lt", abs(x), f(Number.POSITIVE_INFINITY));
  const real = (value: Expression) => select(isBounded, value, f(Number.NaN));
  return {
    sin: real(select(isIn(2, 3), neg(sinSize), sinSize)),
    cos: real(select(isIn(1, 2), neg(cosSize), cosSize)),
  };
}

/** Of -0 too. */
function sin(x: Expression): Expression {
  return select(is("eq", x, f(0)), x, sinCos(x).sin);
}

function tan(x: Expression): Expression {
  const { sin: opposite, cos: adjacent } = sinCos(x);
  return select(is("eq", x, f(0)), x, div(opposite, adjacent));
}

export interface ElementaryFunction {
  readonly operands: number;
  readonly body: Expression;
  /** Whether vectors can compute it. */
  readonly isVector: boolean;
}

const argument = (index: number): Expression => ({ form: "argument", kind: "f64", number: index });
const ofOne =
  (body: (x: Expression) => Expression, isVector = true) =>
  (): ElementaryFunction => ({
    operands: 1,
    body: body(argument(0)),
    isVector,
  });

const makers: Readonly<Record<string, () => ElementaryFunction>> = {
  exp: ofOne(exp),
  expm1: ofOne(expm1),
  log: ofOne(log),
  log1p: ofOne(log1p),
  tanh: ofOne(tanh),
  sigmoid: ofOne(sigmoid),
  softplus: ofOne(softplus),
  erf: ofOne(erf),
  atan: ofOne(arctan),
  asin: ofOne(arcsin),
  acos: ofOne(arccos),
  sinh: ofOne(sinh),
  cosh: ofOne(cosh),
  sin: ofOne(sin, false),
  cos: ofOne((x) => sinCos(x).cos, false),
  tan: ofOne(tan, false),
  pow: () => ({ operands: 2, body: pow(argument(0), argument(1)), isVector: true }),
};

export const functionNames: readonly string[] = Object.keys(makers);

export function elementaryFunction(name: string): ElementaryFunction {
  const make = makers[name];
  if (make === undefined) throw new RangeError(`there is no elementary function ${name}`);
  return make();
}
