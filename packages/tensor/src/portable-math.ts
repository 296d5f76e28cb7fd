/**
 * Logarithm, cosine and power with the same bits everywhere: those of `Math` differ between engines, and even between Node and
 * Chromium. Made of IEEE operations alone, after fdlibm (Sun Microsystems 1993; e_log.c, s_cos.c, e_pow.c), of which the names
 * are; below 1 ulp from the true value. Of fdlibm: Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Permission to
 * use, copy, modify, and distribute this software is freely granted, provided that this notice is preserved.
 */

const view = new DataView(new ArrayBuffer(8));

function highWord(x: number): number {
  view.setFloat64(0, x, true);
  return view.getInt32(4, true);
}

function withHighWord(x: number, high: number): number {
  view.setFloat64(0, x, true);
  view.setInt32(4, high, true);
  return view.getFloat64(0, true);
}

/** Without the lower half of its bits, so that products of two such numbers are nearly exact. */
function upper(x: number): number {
  view.setFloat64(0, x, true);
  view.setInt32(0, 0, true);
  return view.getFloat64(0, true);
}

/** c[0] + c[1] x + c[2] x² … */
function polynomial(x: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (let index = coefficients.length - 1; index >= 0; index--) sum = (coefficients[index] ?? 0) + x * sum;
  return sum;
}

const ln2High = 0.6931471803691238;
const ln2Low = 1.9082149292705877e-10;
const oddLg = [0.6666666666666735, 0.2857142874366239, 0.1818357216161805, 0.14798198605116586];
const evenLg = [0.3999999999940942, 0.22222198432149784, 0.15313837699209373];

export function log(x: number): number {
  if (!(x > 0 && x < Number.POSITIVE_INFINITY)) return Math.log(x);
  const isSubnormal = x < 2 ** -1022;
  const scaled = isSubnormal ? x * 2 ** 54 : x;
  const high = highWord(scaled);
  const mantissa = high & 0xfffff;
  // 1 where the mantissa is above the root of 2: then half of it is taken.
  const carry = ((mantissa + 0x95f64) >> 20) & 1;
  const k = (high >> 20) - 1023 + carry - (isSubnormal ? 54 : 0);
  const f = withHighWord(scaled, mantissa | ((0x3ff - carry) << 20)) - 1;
  if (((mantissa + 2) & 0xfffff) < 3) {
    // Near 1.
    const r = f * f * (0.5 - 0.3333333333333333 * f);
    return k === 0 ? f - r : k * ln2High - (r - k * ln2Low - f);
  }
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const r = w * polynomial(w, evenLg) + z * polynomial(w, oddLg);
  if (mantissa >= 0x6147a && mantissa <= 0x6b851) {
    const half = 0.5 * f * f;
    return k === 0 ? f - (half - s * (half + r)) : k * ln2High - (half - (s * (half + r) + k * ln2Low) - f);
  }
  return k === 0 ? f - s * (f - r) : k * ln2High - (s * (f - r) - k * ln2Low - f);
}

const cosines = [
  0.0416666666666666, -0.001388888888887411, 2.480158728947673e-5, -2.7557314351390663e-7, 2.087572321298175e-9,
  -1.1359647557788195e-11,
];
const sines = [
  0.00833333333332249, -0.0001984126982985795, 2.7557313707070068e-6, -2.5050760253406863e-8, 1.58969099521155e-10,
];
const firstSine = -0.16666666666666632;

/** Of x + tail, up to π / 4. */
function cosineNearZero(x: number, tail: number): number {
  const size = Math.abs(x);
  if (size < 2 ** -27) return 1;
  const z = x * x;
  const r = z * polynomial(z, cosines);
  if (size < 0.3) return 1 - (0.5 * z - (z * r - x * tail));
  const qx = size > 0.78125 ? 0.28125 : upper(size / 4);
  return 1 - qx - (0.5 * z - qx - (z * r - x * tail));
}

function sineNearZero(x: number, tail: number): number {
  if (Math.abs(x) < 2 ** -27) return x;
  const z = x * x;
  const v = z * x;
  return x - (z * (0.5 * tail - v * polynomial(z, sines)) - tail - v * firstSine);
}

/** π / 2 in pieces of 33 bits, and what is left after one and after two. */
const first = 1.5707963267341256;
const firstRest = 6.077100506506192e-11;
const second = 6.077100506303966e-11;
const secondRest = 2.0222662487959506e-21;
const mostQuarters = 2 ** 19;

export function cos(x: number): number {
  const size = Math.abs(x);
  if (size <= Math.PI / 4) return cosineNearZero(x, 0);
  const quarters = Math.floor(size * (2 / Math.PI) + 0.5);
  // Larger ones lose digits, here as in any formula with π in it.
  if (!(quarters <= mostQuarters)) return Number.isFinite(x) ? cos(size % (2 * Math.PI)) : Number.NaN;
  let r = size - quarters * first;
  let rest = quarters * firstRest;
  if (Math.abs(r - rest) < size * 2 ** -16) {
    const before = r;
    rest = quarters * second;
    r = before - rest;
    rest = quarters * secondRest - (before - r - rest);
  }
  const y = r - rest;
  const tail = r - y - rest;
  switch (quarters % 4) {
    case 0:
      return cosineNearZero(y, tail);
    case 1:
      return -sineNearZero(y, tail);
    case 2:
      return -cosineNearZero(y, tail);
    default:
      return sineNearZero(y, tail);
  }
}

const logarithms = [
  0.5999999999999946, 0.4285714285785502, 0.33333332981837743, 0.272728123808534, 0.23066074577556175,
  0.20697501780033842,
];
const exponentials = [
  0.16666666666666602, -0.0027777777777015593, 6.613756321437934e-5, -1.6533902205465252e-6, 4.1381367970572385e-8,
];
/** 2 / (3 ln 2) */
const cp = 0.9617966939259756;
const cpHigh = 0.9617967009544373;
const cpLow = -7.028461650952758e-9;

const ln2Upper = 0.6931471824645996;
const ln2Lower = -1.904654299957768e-9;

/** The logarithm to base 2 as a sum of two numbers, the first with few bits. */
function log2(x: number): readonly [number, number] {
  const isSubnormal = x < 2 ** -1022;
  const scaled = isSubnormal ? x * 2 ** 53 : x;
  const mantissa = highWord(scaled) & 0xfffff;
  let n = (highWord(scaled) >> 20) - 1023 - (isSubnormal ? 53 : 0);
  let high = mantissa | 0x3ff00000;
  // Near the root of 3 it is measured from 3 / 2.
  const fromThreeHalves = mantissa > 0x3988e && mantissa < 0xbb67a;
  if (mantissa >= 0xbb67a) {
    n += 1;
    high -= 0x100000;
  }
  const a = withHighWord(scaled, high);
  const [base, logHigh, logLow] = fromThreeHalves ? [1.5, 0.5849624872207642, 1.350039202129749e-8] : [1, 0, 0];
  const u = a - base;
  const v = 1 / (a + base);
  const s = u * v;
  const sHigh = upper(s);
  const sumHigh = withHighWord(0, ((high >> 1) | 0x20000000) + 0x80000 + (fromThreeHalves ? 0x40000 : 0));
  const sLow = v * (u - sHigh * sumHigh - sHigh * (a - (sumHigh - base)));
  const square = s * s;
  const r = square * square * polynomial(square, logarithms) + sLow * (sHigh + s);
  const squareHigh = sHigh * sHigh;
  const tHigh = upper(3 + squareHigh + r);
  const tLow = r - (tHigh - 3 - squareHigh);
  const [whole, part] = [sHigh * tHigh, sLow * tHigh + tLow * s];
  const pHigh = upper(whole + part);
  const pLow = part - (pHigh - whole);
  const zHigh = cpHigh * pHigh;
  const zLow = cpLow * pHigh + pLow * cp + logLow;
  const first = upper(zHigh + zLow + logHigh + n);
  return [first, zLow - (first - n - logHigh - zHigh)];
}

/** 2 to the power of a sum of two numbers, of which the second is small. */
function exp2(high: number, low: number): number {
  const z = high + low;
  if (z >= 1024) return Number.POSITIVE_INFINITY;
  if (z <= -1076) return 0;
  const n = Math.floor(z + 0.5);
  const rest = high - n;
  const t = upper(low + rest);
  const u = t * ln2Upper;
  const v = (low - (t - rest)) * Math.LN2 + t * ln2Lower;
  const sum = u + v;
  const w = v - (sum - u);
  const square = sum * sum;
  const t1 = sum - square * polynomial(square, exponentials);
  const fraction = 1 - ((sum * t1) / (t1 - 2) - (w + sum * w) - sum);
  // In two steps, of which one may be subnormal or infinite.
  const half = Math.trunc(n / 2);
  return fraction * powerOfTwo(half) * powerOfTwo(n - half);
}

function powerOfTwo(n: number): number {
  return withHighWord(0, (n + 1023) << 20);
}

export function power(base: number, exponent: number): number {
  return powersOf(base)(exponent);
}

/** Most of a power is the logarithm of its base: where many are wanted of one it is taken once. */
export function powersOf(base: number): (exponent: number) => number {
  const isPlainBase = base > 0 && base < Number.POSITIVE_INFINITY;
  const [first, second] = isPlainBase ? log2(base) : [0, 0];
  return (exponent) => {
    // These are exact in every engine.
    const isPlain = isPlainBase && Math.abs(exponent) < 2 ** 31 && exponent !== 0;
    if (!isPlain) return base < 0 && Number.isInteger(exponent) ? ofNegative(-base, exponent) : base ** exponent;
    const exponentHigh = upper(exponent);
    const low = (exponent - exponentHigh) * first + exponent * second;
    return exp2(exponentHigh * first, low);
  };
}

function ofNegative(size: number, exponent: number): number {
  const result = power(size, exponent);
  return exponent % 2 === 0 ? result : -result;
}
