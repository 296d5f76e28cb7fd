import { medianOf } from "@ml-mosaic/statistics";
import { expect, test } from "vitest";
import { normalAt } from "../sample/lattice-random.ts";
import type { Cuts } from "./cuts.ts";
import { perSquareCentimetre } from "./mass.ts";
import { fitProfile, middleProfile } from "./profile.ts";

const offsets = Float64Array.from({ length: 81 }, (_, i) => (i - 40) / 2);

function cutsOf(at: (t: number, cut: number) => number, count = 120, noise = 0.05): Cuts {
  const values = new Float64Array(count * offsets.length);
  for (let cut = 0; cut < count; cut++)
    for (const [i, t] of offsets.entries())
      values[cut * offsets.length + i] = at(t, cut) + noise * normalAt(1, 2, cut, i);
  return { offsets, count, values, halfWidth: 3 };
}

const gaussian = (sigma: number) => (t: number) => 4 + 0.02 * t + 2 * Math.exp((-t * t) / (2 * sigma * sigma));

/** Folded with a Gaussian beam, finely. */
function folded(profile: (t: number) => number, sigma: number): (t: number) => number {
  const steps = Array.from({ length: 161 }, (_, i) => ((i - 80) / 20) * sigma);
  const weights = steps.map((step) => Math.exp((-step * step) / (2 * sigma * sigma)));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return (t) => steps.reduce((all, step, i) => all + profile(t - step) * (weights[i] ?? 0), 0) / sum;
}

test("a Gaussian on a sloping background: its height, width and background, and errors that tell how far they are off", () => {
  const found = fitProfile(cutsOf(gaussian(2.5)), { beam: 4, plummerIndex: 2 });
  const width = 2.5 * 2.354820045;
  expect(Math.abs((found?.width.value ?? 0) - width)).toBeLessThan(0.1);
  expect(Math.abs((found?.width.value ?? 0) - width)).toBeLessThan(4 * (found?.width.error ?? 0));
  expect(found?.width.error).toBeLessThan(0.1);
  expect(found?.amplitude.value).toBeCloseTo(2, 1);
  expect(found?.background).toBeCloseTo(4, 1);
  expect(found?.scatter).toBeCloseTo(0.05, 2);
  expect(Math.abs((found?.deconvolved?.value ?? 0) - Math.sqrt(width ** 2 - 16))).toBeLessThan(0.15);
});

test("errors are as large as estimates of other noise differ", () => {
  const fits = Array.from({ length: 12 }, (_, seed) =>
    fitProfile(
      cutsOf((t, cut) => gaussian(2)(t) + 0.4 * normalAt(seed, 3, cut, Math.round(2 * t)), 60),
      { beam: undefined, plummerIndex: 2 },
    ),
  );
  const widths = fits.map((fit) => fit?.width.value ?? Number.NaN);
  const mean = widths.reduce((sum, each) => sum + each, 0) / widths.length;
  const spread = Math.sqrt(widths.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (widths.length - 1));
  const errors = fits.map((fit) => fit?.width.error ?? Number.NaN).sort((a, b) => a - b);
  expect((errors[6] ?? 0) / spread).toBeGreaterThan(0.5);
  expect((errors[6] ?? 0) / spread).toBeLessThan(2);
});

test("the waves of a background are not taken for the feet of a filament", () => {
  const widths = Array.from({ length: 60 }, (_, seed) => {
    let level = 0;
    const walk = Array.from(offsets, (_, i) => {
      level += 0.12 * normalAt(seed, 5, 0, i);
      return level;
    });
    const at = (t: number) => gaussian(2)(t) + (walk[Math.round(2 * t) + 40] ?? 0);
    return fitProfile(cutsOf(at, 10), { beam: undefined, plummerIndex: 2 })?.width.value ?? Number.NaN;
  });
  const errors = widths.map((width) => width - 2 * 2.354820045);
  expect(Math.abs(medianOf(errors))).toBeLessThan(0.1);
  expect(medianOf(errors.map(Math.abs))).toBeLessThan(0.35);
});

test.each([2, 3])("a Plummer profile of index %s seen with a beam", (index) => {
  const plummer = (t: number) => 1 + 3 * (1 + (t / 1.5) ** 2) ** ((1 - index) / 2);
  const seen = folded(plummer, 3 / 2.354820045);
  const fixed = fitProfile(cutsOf(seen, 120, 0.01), { beam: 3, plummerIndex: index });
  expect(Math.abs((fixed?.plummer?.radius.value ?? 0) - 1.5)).toBeLessThan(0.1);
  expect(fixed?.plummer?.index.value).toBe(index);
  const free = fitProfile(cutsOf(seen, 120, 0.01), { beam: 3, plummerIndex: undefined });
  expect(Math.abs((free?.plummer?.index.value ?? 0) - index)).toBeLessThan(0.4);
  const width = 2 * 1.5 * Math.sqrt(2 ** (2 / (index - 1)) - 1);
  expect(Math.abs((fixed?.plummer?.width.value ?? 0) - width)).toBeLessThan(0.3);
});

test("what is not wider than the beam has no width without it, and noise no profile", () => {
  expect(fitProfile(cutsOf(gaussian(1.6)), { beam: 5, plummerIndex: 2 })?.deconvolved).toBeUndefined();
  expect(
    fitProfile(
      cutsOf((t) => 4 + t, 60, 0),
      { beam: undefined, plummerIndex: 2 },
    ),
  ).toBeUndefined();
  expect(
    fitProfile(
      cutsOf((t) => 4 - gaussian(2)(t)),
      { beam: undefined, plummerIndex: 2 },
    ),
  ).toBeUndefined();
});

test.each([
  ["cm-2", 1],
  ["cm^-2", 1],
  ["cm**-2", 1],
  ["1 / cm2", 1],
  ["1/cm**2", 1],
  ["H2 / cm2", 1],
  ["N/cm^2", 1],
  ["m-2", 1e-4],
  ["10**21 cm**-2", 1e21],
  ["10^20 cm^-2", 1e20],
  ["1E21 cm-2", 1e21],
  ["mol cm-2", undefined],
  ["cm2", undefined],
  ["MJy/sr", undefined],
  ["Jy/beam", undefined],
  ["K", undefined],
  ["", undefined],
])("%s", (unit, expected) => {
  expect(perSquareCentimetre(unit)).toBe(expected);
});

test.each([1.5, 2.5, 4])("one side cut off: a Gaussian of %s pixels is fitted whichever side it is", (sigma) => {
  const options = { beam: 2, plummerIndex: 2 };
  const whole = cutsOf(gaussian(sigma));
  const cut = whole.values.map((value, i) => ((offsets[i % offsets.length] ?? 0) > 2 ? Number.NaN : value));
  const mirrored = cut.map(
    (_, i) => cut[i - (i % offsets.length) + offsets.length - 1 - (i % offsets.length)] ?? Number.NaN,
  );
  const [right, left] = [cut, mirrored].map((values) => fitProfile({ ...whole, values }, options));
  expect(Math.abs((right?.width.value ?? 0) / (2.354820045 * sigma) - 1)).toBeLessThan(0.05);
  expect(right?.width.value).toBeCloseTo(left?.width.value ?? 0, 2);
  expect(right?.centre).toBeCloseTo(-(left?.centre ?? 0), 2);
  expect(right?.background).toBeCloseTo(left?.background ?? 0, 2);
  expect(right?.plummer?.width.value).toBeCloseTo(left?.plummer?.width.value ?? 0, 2);
});

test("without data on the crest the background is the one that was fitted", () => {
  const whole = cutsOf(gaussian(2), 120, 0.01);
  const values = whole.values.map((value, i) =>
    Math.abs(offsets[i % offsets.length] ?? 0) < 2.5 ? Number.NaN : value,
  );
  const found = fitProfile({ ...whole, values }, { beam: 2, plummerIndex: 2 });
  expect(Math.abs((found?.background ?? Number.NaN) - 4)).toBeLessThan(0.1);
  expect(found?.amplitude.value).toBeCloseTo(2, 1);
});

test.each([3, 4, 5, 7])("a compact source on one of %s cuts does not move what they have in the middle", (count) => {
  const values = Float64Array.from({ length: count * offsets.length }, (_, i) => (i < offsets.length ? 100 : 1));
  expect(new Set(middleProfile({ offsets, count, values, halfWidth: 3 }))).toEqual(new Set([1]));
});
