/** Profiles across filaments: fits of what all cuts have in the middle, with errors from parts of the filament. */
import { quantileOf } from "@ml-mosaic/statistics";
import { type BackgroundNoise, backgroundNoise, noiseRatios } from "./background-noise.ts";
import type { Cuts } from "./cuts.ts";
import { fitCurve } from "./fit-curve.ts";

/** With its standard error, where the filament is long enough to have one. */
export interface Measured {
  readonly value: number;
  readonly error?: number | undefined;
}

/** Lengths in pixels, heights in units of the map. */
export interface ProfileFigures {
  /** Of the fitted Gaussian: its height over the background below it. */
  readonly amplitude: Measured;
  /** Under the crest. */
  readonly background: number;
  /** Of the background, a pixel. */
  readonly slope: number;
  /** Of the Gaussian, from the crest. */
  readonly centre: number;
  /** Full width at half maximum of the Gaussian, as seen. */
  readonly width: Measured;
  /** The same without the beam; undefined without a beam, and where it is not wider than that. */
  readonly deconvolved: Measured | undefined;
  /** Under the Gaussian. Its error is of its own: height and width of one fit vary together. */
  readonly area: Measured;
  /** Of the background: deviation of single values beside the filament from their median, its slope taken off. */
  readonly scatter: number | undefined;
  readonly plummer: PlummerFigures | undefined;
}

/** N(r) = A / (1 + (r / R)²)^((p - 1) / 2), as far as the beam is known without it. */
export interface PlummerFigures {
  /** R. */
  readonly radius: Measured;
  /** p. */
  readonly index: Measured;
  /** Full width at half maximum. */
  readonly width: Measured;
}

export interface ProfileOptions {
  /** Full width at half maximum in pixels. */
  readonly beam: number | undefined;
  /** p of Plummer's profile; undefined: it is fitted. */
  readonly plummerIndex: number | undefined;
}

/**
 * Mean of the middle half of the cuts at each offset, NaN where there are few: compact sources on less than a quarter of the cuts move
 * it little, and noise moves it less than the median. @param without cuts that are left out, the last exclusive
 */
export function middleProfile(
  { offsets, count, values }: Cuts,
  without?: readonly [from: number, to: number],
): Float64Array {
  const column = new Float64Array(count);
  return offsets.map((_, i) => {
    let found = 0;
    for (let cut = 0; cut < count; cut++) {
      if (without !== undefined && cut >= without[0] && cut < without[1]) continue;
      const value = values[cut * offsets.length + i] ?? Number.NaN;
      if (!Number.isNaN(value)) column[found++] = value;
    }
    // Of few cuts it would be that of one place.
    return found < Math.max(2, count / 5) ? Number.NaN : middleMean(column.subarray(0, found));
  });
}

/** Of the values without the lowest and the highest quarter, of which there is one at least: of three it is the median. */
function middleMean(values: Float64Array): number {
  const left = Math.min((values.length - 1) >> 1, Math.max(1, values.length >> 2));
  const middle = values.toSorted().subarray(left, values.length - left);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

/**
 * Each cut on the background that all have in the middle: along a filament the background rises and falls by more than the
 * filament is high, which would blur what they have in the middle.
 */
export function levelled(cuts: Cuts): Cuts {
  const { offsets, count, values, halfWidth } = cuts;
  const inner = Math.max(3, 2 * halfWidth);
  const side = new Float64Array(offsets.length);
  const sideOf = (cut: number, direction: number) => {
    let found = 0;
    for (const [i, offset] of offsets.entries()) {
      const value = values[cut * offsets.length + i] ?? Number.NaN;
      if (offset * direction > inner && !Number.isNaN(value)) side[found++] = value;
    }
    return found < 4 ? undefined : quantileOf(side.subarray(0, found), 0.5);
  };
  const levels = new Float64Array(count).fill(Number.NaN);
  for (let cut = 0; cut < count; cut++) {
    const [left, right] = [sideOf(cut, 1), sideOf(cut, -1)];
    levels[cut] = left === undefined || right === undefined ? (left ?? right ?? Number.NaN) : (left + right) / 2;
  }
  const known = levels.filter((level) => !Number.isNaN(level));
  if (known.length === 0) return cuts;
  const common = quantileOf(known, 0.5);
  return { ...cuts, values: values.map((value, i) => value - (levels[Math.floor(i / offsets.length)] ?? 0) + common) };
}

const fwhmOfSigma = 2 * Math.sqrt(2 * Math.log(2));
const mostBlocks = 10;

/** @returns undefined where nothing that is like a filament could be fitted */
export function fitProfile(raw: Cuts, options: ProfileOptions): ProfileFigures | undefined {
  const cuts = levelled(raw);
  const { offsets, count, halfWidth } = cuts;
  const profile = middleProfile(cuts);
  const whole = fitOnce(offsets, profile, halfWidth, options);
  if (whole === undefined) return undefined;
  const { gaussian, plummer } = whole;
  // Neighbouring cuts are alike: parts are at least as long as the filament is wide.
  const blocks = Math.min(mostBlocks, Math.floor(count / Math.max(6, fwhmOfSigma * gaussian.sigma)));
  const others =
    blocks < 3
      ? []
      : Array.from({ length: blocks }, (_, block) => {
          const part = [Math.floor((block * count) / blocks), Math.floor(((block + 1) * count) / blocks)] as const;
          return fitOnce(offsets, middleProfile(cuts, part), halfWidth, options, whole);
        }).filter((fit) => fit !== undefined);
  const measured = (of: (fit: Fit) => number | undefined): Measured => {
    const value = of(whole) ?? Number.NaN;
    const values = others.map(of).filter((each) => each !== undefined);
    return values.length < 3 ? { value } : { value, error: jackknifeError(values) };
  };
  const { beam } = options;
  const seen = (fit: Fit) => fwhmOfSigma * fit.gaussian.sigma;
  const resolved = beam !== undefined && seen(whole) > beam;
  const width = measured(seen);
  return {
    amplitude: measured(({ gaussian: { amplitude } }) => amplitude),
    background: gaussian.background,
    slope: gaussian.slope,
    centre: gaussian.centre,
    width,
    area: measured(({ gaussian: { amplitude, sigma } }) => amplitude * sigma * Math.sqrt(2 * Math.PI)),
    deconvolved: resolved ? deconvolvedWidth(width, beam) : undefined,
    scatter: scatterOf(cuts, gaussian),
    plummer: plummer && {
      radius: measured((fit) => fit.plummer?.radius),
      index: measured((fit) => fit.plummer?.index),
      width: measured((fit) => fit.plummer && plummerWidth(fit.plummer)),
    },
  };
}

function deconvolvedWidth({ value, error }: Measured, beam: number): Measured {
  const width = Math.sqrt(value * value - beam * beam);
  return { value: width, error: error === undefined ? undefined : (error * value) / width };
}

interface Gaussian {
  readonly amplitude: number;
  readonly centre: number;
  readonly sigma: number;
  readonly background: number;
  readonly slope: number;
}

interface Plummer {
  readonly radius: number;
  readonly index: number;
}

interface Fit {
  readonly gaussian: Gaussian;
  readonly plummer: Plummer | undefined;
  readonly noise: BackgroundNoise;
}

/** Without offsets at which there is no value. */
interface Profile {
  readonly offsets: Float64Array;
  readonly values: Float64Array;
  /** Of the cuts to either side, whether there are values or not. */
  readonly reach: number;
}

function fitOnce(
  offsets: Float64Array,
  profile: Float64Array,
  halfWidth: number,
  options: ProfileOptions,
  start?: Fit,
): Fit | undefined {
  const known = offsets.filter((_, i) => !Number.isNaN(profile[i]));
  const seen = { offsets: known, values: profile.filter((value) => !Number.isNaN(value)), reach: offsets.at(-1) ?? 0 };
  if (known.length < 9) return undefined;
  let best: (GaussianFit & { readonly noise: BackgroundNoise }) | undefined;
  for (const ratio of start === undefined ? noiseRatios : [start.noise.ratio]) {
    const noise = backgroundNoise(known, ratio);
    const fit = fitGaussian(seen, halfWidth, noise, start?.gaussian);
    if (fit !== undefined && !(fit.logLikelihood <= (best?.logLikelihood ?? Number.NEGATIVE_INFINITY)))
      best = { ...fit, noise };
  }
  if (best === undefined) return undefined;
  const { gaussian, noise } = best;
  return { gaussian, noise, plummer: fitPlummer(seen, gaussian, noise, options, start?.plummer) };
}

/** In parts of the range of values: of less, it is rounding. */
const leastHeight = 1e-9;

interface GaussianFit {
  readonly gaussian: Gaussian;
  /** The most that it can be, whatever the height of the noise. */
  readonly logLikelihood: number;
}

function fitGaussian(
  profile: Profile,
  halfWidth: number,
  noise: BackgroundNoise,
  start?: Gaussian,
): GaussianFit | undefined {
  const { offsets, values, reach } = profile;
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  const range = highest - lowest || 1;
  // In parts of the range, whatever the unit: parameters of one size.
  const scaled = values.map((value) => (value - lowest) / range);
  const model = ([a = 0, c = 0, s = 1, b = 0, m = 0]: readonly number[]) =>
    noise.whitened(offsets.map((t) => b + (m * t) / 10 + a * Math.exp(-((t - c) ** 2) / (2 * s * s))));
  const first =
    start === undefined
      ? [0.9, 0, Math.max(1, halfWidth / 1.2), 0.1, 0]
      : [
          start.amplitude / range,
          start.centre,
          start.sigma,
          (start.background - lowest) / range,
          (10 * start.slope) / range,
        ];
  const fit = fitCurve(model, noise.whitened(scaled), first);
  if (fit === undefined) return undefined;
  const [a = 0, c = 0, s = 0, b = 0, m = 0] = fit.parameters;
  const sigma = Math.abs(s);
  if (a < leastHeight || sigma < 0.3 || sigma > reach || Math.abs(c) > Math.max(3, 2 * halfWidth)) return undefined;
  const shape = { amplitude: a * range, centre: c, sigma, slope: (m * range) / 10 };
  return {
    gaussian: {
      ...shape,
      background: backgroundUnder(shape, profile) ?? lowest + range * (b + (m * c) / 10),
    },
    logLikelihood: -(noise.logDeterminant + offsets.length * Math.log(fit.sumOfSquares)) / 2,
  };
}

/** Mean of what the Gaussian leaves within its full width at half maximum, if anything: as a walk, it may be anywhere else. */
function backgroundUnder(
  { amplitude, centre, sigma, slope }: Omit<Gaussian, "background">,
  { offsets, values }: Profile,
): number | undefined {
  let [sum, count] = [0, 0];
  for (const [i, offset] of offsets.entries()) {
    const apart = offset - centre;
    if (Math.abs(apart) > Math.max(1, (fwhmOfSigma * sigma) / 2)) continue;
    sum += (values[i] ?? 0) - slope * apart - amplitude * Math.exp((-apart * apart) / (2 * sigma * sigma));
    count++;
  }
  return count === 0 ? undefined : sum / count;
}

function plummerWidth({ radius, index }: Plummer): number {
  return 2 * radius * Math.sqrt(2 ** (2 / (index - 1)) - 1);
}

function fitPlummer(
  { offsets, values, reach }: Profile,
  gaussian: Gaussian,
  noise: BackgroundNoise,
  { beam, plummerIndex }: ProfileOptions,
  start?: Plummer,
): Plummer | undefined {
  const kernel = beam === undefined ? undefined : beamKernel(beam / fwhmOfSigma);
  const { centre, amplitude, background } = gaussian;
  const scaled = values.map((value) => (value - background) / amplitude);
  const model = (p: readonly number[]) => {
    const [a = 0, b = 0, m = 0, radius = 1, index = plummerIndex ?? 2] = p;
    // Whatever the sign, R is positive and p above 1.
    const power = -(Math.abs(index - 1) + 1e-3) / 2;
    const at = (t: number) => (1 + ((t - centre) / radius) ** 2) ** power;
    const seen =
      kernel === undefined
        ? at
        : (t: number) => {
            let sum = 0;
            for (const { offset, weight } of kernel) sum += weight * at(t - offset);
            return sum;
          };
    return noise.whitened(offsets.map((t) => b + (m * t) / 10 + a * seen(t)));
  };
  const first = [1.1, -0.1, 0, start?.radius ?? gaussian.sigma];
  const fit = fitCurve(
    model,
    noise.whitened(scaled),
    plummerIndex === undefined ? [...first, start?.index ?? 2.5] : first,
  );
  if (fit === undefined) return undefined;
  const [a = 0, , , r = 0, p = plummerIndex ?? 2] = fit.parameters;
  const found = { radius: Math.abs(r), index: 1 + Math.abs(p - 1) };
  const isSensible = a > 0 && found.radius > 0.05 && plummerWidth(found) < 2 * reach && found.index > 1.2;
  return isSensible && found.index < 20 ? found : undefined;
}

const kernelStep = 0.5;

function beamKernel(sigma: number) {
  const half = Math.ceil((3 * sigma) / kernelStep);
  const kernel = Array.from({ length: 2 * half + 1 }, (_, i) => {
    const offset = (i - half) * kernelStep;
    return { offset, weight: Math.exp((-offset * offset) / (2 * sigma * sigma)) };
  });
  const sum = kernel.reduce((all, { weight }) => all + weight, 0);
  return kernel.map(({ offset, weight }) => ({ offset, weight: weight / sum }));
}

/** Of an estimate from all parts by those that leave one out: Quenouille (1956), Tukey (1958). */
function jackknifeError(values: readonly number[]): number {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  const squares = values.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return Math.sqrt(((values.length - 1) / values.length) * squares);
}

/** From the median of absolute deviations from the median: compact sources count little. */
function scatterOf({ offsets, count, values }: Cuts, { centre, sigma, slope }: Gaussian) {
  const beside: number[] = [];
  for (const [i, offset] of offsets.entries()) {
    // Values half a pixel apart are nearly one.
    if (i % 2 === 1 || Math.abs(offset - centre) < 2.5 * sigma) continue;
    for (let cut = 0; cut < count; cut += 2) {
      const value = values[cut * offsets.length + i] ?? Number.NaN;
      if (!Number.isNaN(value)) beside.push(value - slope * (offset - centre));
    }
  }
  if (beside.length < 8) return undefined;
  const all = Float64Array.from(beside);
  const median = quantileOf(all, 0.5);
  return (
    1.4826 *
    quantileOf(
      all.map((value) => Math.abs(value - median)),
      0.5,
    )
  );
}
