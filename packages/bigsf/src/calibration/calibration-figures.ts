/** How far probabilities can be believed, and how sure that is: areas are drawn again, since pixels of one area err together. */
import { type Interval, level, quantileOf, seededRandom } from "@ml-mosaic/statistics";
import { type AreaCounts, binProbabilities, type PixelCounts } from "./area-counts.ts";
import { type Calibrator, calibrated } from "./calibrator.ts";

/** Of equal width, from 0 to 1, as Guo et al. (ICML 2017) have them. */
export const reliabilityBins = 15;
const resamples = 2000;
const seed = 20_260_103;

/** A figure and its 95 % interval; none where there is a single area. */
export interface Figure {
  readonly value: number;
  readonly interval: Interval | undefined;
}

/** Pixels whose probabilities are nearly equal. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly pixels: number;
  /** Of their probabilities; NaN where there is no pixel. */
  readonly mean: number;
  /** Of them on a filament: what the mean should be. */
  readonly share: Figure;
}

export interface CalibrationFigures {
  /** Σ pixels of a bin · |share - mean| / all pixels (Naeini, Cooper and Hauskrecht, AAAI 2015). */
  readonly expectedCalibrationError: Figure;
  /** Mean squared difference of probability and truth (Brier, 1950). */
  readonly brier: Figure;
  readonly bins: readonly ReliabilityBin[];
  /** Of what is called filament with 85 to 95 %, the share that is one; NaN where nothing is. */
  readonly nearNinety: Figure;
}

/** Before and after calibration, of the same pixels. */
export interface CalibrationReport {
  readonly raw: CalibrationFigures;
  readonly calibrated: CalibrationFigures;
  /** How much smaller the Brier score has become. */
  readonly brierGain: Figure;
}

/** @param calibratorOf what the probabilities of a split's model are calibrated by */
export function calibrationReport(
  areas: readonly AreaCounts[],
  calibratorOf: (split: number) => Calibrator,
): CalibrationReport {
  const bootstrap = resampler(new Set(areas.map(({ area }) => area)).size);
  const before = sumsByArea(areas, () => binProbabilities);
  const maps = new Map<number, Float64Array>();
  const after = sumsByArea(areas, ({ split }) => {
    const known = maps.get(split) ?? binProbabilities.map((each) => calibrated(calibratorOf(split), each));
    maps.set(split, known);
    return known;
  });
  const gains = before.map((sums, area) => sums.map((value, place) => value - (after[area]?.[place] ?? 0)));
  // Numbers of pixels do not change.
  for (const [area, sums] of gains.entries()) sums[places.pixels] = before[area]?.[places.pixels] ?? 0;
  return {
    raw: figuresOf(before, bootstrap),
    calibrated: figuresOf(after, bootstrap),
    brierGain: bootstrap(gains, brierOf),
  };
}

/** What is summed over the pixels of an area, one after the other. */
const places = { pixels: 0, squares: 1, ninety: 2, ninetyHits: 3, bins: 4 } as const;
const perBin = { pixels: 0, probabilities: 1, hits: 2, length: 3 } as const;
const sumCount = places.bins + perBin.length * reliabilityBins;

function sumsByArea(
  areas: readonly AreaCounts[],
  probabilitiesFor: (area: AreaCounts) => Float64Array,
): readonly Float64Array[] {
  const sums = new Map<string, Float64Array>();
  for (const each of areas) {
    const sum = sums.get(each.area) ?? new Float64Array(sumCount);
    sums.set(each.area, sum);
    addTo(sum, each, probabilitiesFor(each));
  }
  return [...sums.values()];
}

function addTo(sum: Float64Array, { hits, misses }: PixelCounts, probabilities: Float64Array): void {
  const add = (place: number, value: number) => {
    sum[place] = (sum[place] ?? 0) + value;
  };
  for (const [bin, probability] of probabilities.entries()) {
    const [hit = 0, miss = 0] = [hits[bin], misses[bin]];
    if (hit + miss === 0) continue;
    add(places.pixels, hit + miss);
    add(places.squares, hit * (1 - probability) ** 2 + miss * probability ** 2);
    if (probability >= 0.85 && probability < 0.95) {
      add(places.ninety, hit + miss);
      add(places.ninetyHits, hit);
    }
    const place =
      places.bins + perBin.length * Math.min(reliabilityBins - 1, Math.floor(probability * reliabilityBins));
    add(place + perBin.pixels, hit + miss);
    add(place + perBin.probabilities, (hit + miss) * probability);
    add(place + perBin.hits, hit);
  }
}

type Statistic = (sums: Float64Array) => number;
type Bootstrap = (areas: readonly Float64Array[], statistic: Statistic) => Figure;

function figuresOf(areas: readonly Float64Array[], bootstrap: Bootstrap): CalibrationFigures {
  const whole = total(areas);
  const bins = Array.from({ length: reliabilityBins }, (_, bin): ReliabilityBin => {
    const at = places.bins + perBin.length * bin;
    const pixels = whole[at + perBin.pixels] ?? 0;
    return {
      from: bin / reliabilityBins,
      to: (bin + 1) / reliabilityBins,
      pixels,
      mean: (whole[at + perBin.probabilities] ?? 0) / pixels,
      share: bootstrap(areas, (sums) => (sums[at + perBin.hits] ?? 0) / (sums[at + perBin.pixels] ?? 0)),
    };
  });
  return {
    expectedCalibrationError: bootstrap(areas, expectedCalibrationErrorOf),
    brier: bootstrap(areas, brierOf),
    bins,
    nearNinety: bootstrap(areas, (sums) => (sums[places.ninetyHits] ?? 0) / (sums[places.ninety] ?? 0)),
  };
}

function expectedCalibrationErrorOf(sums: Float64Array): number {
  let error = 0;
  for (let at: number = places.bins; at < sumCount; at += perBin.length)
    error += Math.abs((sums[at + perBin.hits] ?? 0) - (sums[at + perBin.probabilities] ?? 0));
  return error / (sums[places.pixels] ?? 0);
}

function brierOf(sums: Float64Array): number {
  return (sums[places.squares] ?? 0) / (sums[places.pixels] ?? 0);
}

function total(areas: readonly Float64Array[], chosen?: Uint32Array): Float64Array {
  const sum = new Float64Array(sumCount);
  const add = (area: Float64Array | undefined) => {
    for (let place = 0; place < sumCount; place++) sum[place] = (sum[place] ?? 0) + (area?.[place] ?? 0);
  };
  if (chosen === undefined) for (const area of areas) add(area);
  else for (const index of chosen) add(areas[index]);
  return sum;
}

/** The same areas are drawn for all figures, so that what is drawn of a difference is the difference of what was drawn. */
function resampler(areaCount: number): Bootstrap {
  const random = seededRandom(seed);
  const draws =
    areaCount < 2
      ? []
      : Array.from({ length: resamples }, () =>
          Uint32Array.from({ length: areaCount }, () => Math.floor(random() * areaCount)),
        );
  const drawn = new WeakMap<readonly Float64Array[], readonly Float64Array[]>();
  return (areas, statistic) => {
    const sums = drawn.get(areas) ?? draws.map((chosen) => total(areas, chosen));
    drawn.set(areas, sums);
    return { value: statistic(total(areas)), interval: percentiles(sums.map(statistic)) };
  };
}

/** Where the middle 95 % lie; resamples without a value, such as without a pixel in a bin, say nothing. */
function percentiles(values: readonly number[]): Interval | undefined {
  const known = Float64Array.from(values.filter((value) => !Number.isNaN(value))).sort();
  if (known.length === 0) return undefined;
  return { low: quantileOf(known, (1 - level) / 2), high: quantileOf(known, (1 + level) / 2) };
}
