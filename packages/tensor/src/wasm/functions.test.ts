/** Elementary functions against float64 over a dense sample of all float32, one at a time and four at a time. */
import { describe, expect, test } from "vitest";
import { evaluateOnWasm } from "../../test/wasm.ts";
import { expectFloat32 } from "../dtype.ts";
import type { Tensor } from "../tensor.ts";
import { Buffer } from "../variable.ts";
import { functionNames } from "./functions.ts";

/** Every so manieth float32: a prime, so that mantissas differ. */
const stride = 9973;
const special = [0, -0, 1, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 2 ** -149, -(2 ** -149)];

function sample(): Float32Array {
  const count = Math.floor(2 ** 32 / stride);
  const bits = Uint32Array.from({ length: count }, (_, index) => index * stride);
  const all = new Float32Array(bits.buffer);
  const some = Float32Array.from([
    ...special,
    0.5,
    2,
    3.5,
    88.72,
    -87.3,
    103.9,
    1e-8,
    120,
    Math.fround(Math.PI / 2),
    Math.fround(Math.PI),
    1e22,
    3e38,
  ]);
  const joined = new Float32Array(all.length + some.length);
  joined.set(all);
  joined.set(some, all.length);
  return joined;
}

/** By its series near 0, by the continued fraction of its complement elsewhere. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (Number.isNaN(x) || x === 0) return x;
  if (size > 6) return Math.sign(x);
  if (size < 2) {
    let [sum, term] = [size, size];
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= -(size * size) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (size + fraction);
  return Math.sign(x) * (1 - Math.exp(-size * size) / Math.sqrt(Math.PI) / (size + fraction));
}

const softplus = (x: number) => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)));
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

const references: Readonly<Record<string, readonly [(x: Tensor) => Tensor, (x: number) => number]>> = {
  exp: [(x) => x.exp(), Math.exp],
  expm1: [(x) => x.expm1(), Math.expm1],
  log: [(x) => x.log(), Math.log],
  log1p: [(x) => x.log1p(), Math.log1p],
  tanh: [(x) => x.tanh(), Math.tanh],
  sigmoid: [(x) => x.sigmoid(), sigmoid],
  softplus: [(x) => x.softplus({ threshold: Number.POSITIVE_INFINITY }), softplus],
  erf: [(x) => x.erf(), erf],
  atan: [(x) => x.atan(), Math.atan],
  asin: [(x) => x.asin(), Math.asin],
  acos: [(x) => x.acos(), Math.acos],
  sinh: [(x) => x.sinh(), Math.sinh],
  cosh: [(x) => x.cosh(), Math.cosh],
  sin: [(x) => x.sin(), Math.sin],
  cos: [(x) => x.cos(), Math.cos],
  tan: [(x) => x.tan(), Math.tan],
};

const mostUlps = 1;

/** The distance in units of the last place of the true value. */
function ulps(got: number, wanted: number): number {
  if (Object.is(got, Math.fround(wanted)) || (Number.isNaN(got) && Number.isNaN(wanted))) return 0;
  if (!Number.isFinite(wanted) || !Number.isFinite(got) || Object.is(Math.fround(wanted), -0))
    return Number.POSITIVE_INFINITY;
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(wanted))));
  return Math.abs(got - wanted) / 2 ** (exponent - 23);
}

function worst(got: Float32Array, wanted: (index: number) => number, shown: (index: number) => string) {
  let [most, at] = [0, -1];
  for (const [index, value] of got.entries()) {
    const distance = ulps(value, wanted(index));
    if (distance > most) [most, at] = [distance, index];
  }
  return { most, shown: at < 0 ? "" : `of ${shown(at)}: ${got[at]}, not ${wanted(at)}` };
}

test("all functions are tested", () => {
  expect([...Object.keys(references), "pow"].toSorted()).toEqual(functionNames.toSorted());
});

describe.each(["four at a time", "one at a time"])("%s", (how) => {
  const variable = (values: Float32Array) =>
    new Buffer(how === "one at a time" ? [values.length, 1] : [values.length], "float32", () => values);

  test.each(Object.keys(references))("%s", async (name) => {
    const [ours, reference] = references[name] ?? [(x: Tensor) => x, (x: number) => x];
    const values = sample();
    const [result] = await evaluateOnWasm([ours(variable(values))]);
    const got = expectFloat32(result ?? new Float32Array(), name);
    const found = worst(
      got,
      (index) => reference(values[index] ?? 0),
      (index) => String(values[index]),
    );
    expect(found.most, found.shown).toBeLessThanOrEqual(mostUlps);
  });

  test("pow", async () => {
    const bases = sample();
    const count = bases.length;
    // Small exponents, whole ones, and any.
    const exponents = Float32Array.from(bases, (_, index) => {
      const other = bases[(index * 7919) % count] ?? 0;
      return (
        [(index % 64) / 8 - 4, (index % 21) - 10, other, special[index % special.length] ?? 0][
          Math.floor(index / 64) % 4
        ] ?? 0
      );
    });
    const [result] = await evaluateOnWasm([variable(bases).pow(variable(exponents))]);
    const found = worst(
      expectFloat32(result ?? new Float32Array(), "pow"),
      (index) => power(bases[index] ?? 0, exponents[index] ?? 0),
      (index) => `${bases[index]} to the power ${exponents[index]}`,
    );
    expect(found.most, found.shown).toBeLessThanOrEqual(mostUlps);
  });
});

/** C's, where JavaScript has NaN. */
function power(x: number, y: number): number {
  return x === 1 || (x === -1 && !Number.isFinite(y) && !Number.isNaN(y)) ? 1 : x ** y;
}
