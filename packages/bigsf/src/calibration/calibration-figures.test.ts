/** Figures against sums over single pixels; their intervals by simulation. */
import { seededRandom } from "@ml-mosaic/statistics";
import { expect, test } from "vitest";
import { type AreaCounts, binOf, binProbabilities, emptyCounts } from "./area-counts.ts";
import { calibrationReport, reliabilityBins } from "./calibration-figures.ts";
import { type Calibrator, calibrated, logistic, logit } from "./calibrator.ts";

interface Pixel {
  readonly said: number;
  readonly isHit: boolean;
}

/** Pixels of a model that is too sure by a factor; areas differ in how many filaments they have. */
function drawArea(random: () => number, tooSure: number, pixels: number): readonly Pixel[] {
  const shift = 4 * random() - 3;
  return Array.from({ length: pixels }, () => {
    const z = shift + 4 * (random() + random() + random() - 1.5);
    return { said: Math.fround(logistic(tooSure * z)), isHit: random() < logistic(z) };
  });
}

function counted(area: string, split: number, pixels: readonly Pixel[]): AreaCounts {
  const counts = { area, split, ...emptyCounts() };
  for (const { said, isHit } of pixels) {
    const kind = isHit ? counts.hits : counts.misses;
    kind[binOf(said)] = (kind[binOf(said)] ?? 0) + 1;
  }
  return counts;
}

test("equal what single pixels say, before and after calibration", () => {
  const random = seededRandom(1);
  const areas = Array.from({ length: 8 }, () => drawArea(random, 2, 3000));
  const counts = areas.map((pixels, area) => counted(String(area), area % 2, pixels));
  const temperatures = [2, 1.5];
  const calibratorOf = (split: number): Calibrator => ({
    method: "temperature",
    temperature: temperatures[split] ?? 1,
  });
  const report = calibrationReport(counts, calibratorOf);
  const all = areas.flatMap((pixels, area) =>
    pixels.map(({ said, isHit }) => {
      const inBin = binProbabilities[binOf(said)] ?? 0;
      return { raw: inBin, after: logistic(logit(inBin) / (temperatures[area % 2] ?? 1)), exact: said, isHit };
    }),
  );
  const brier = (of: (pixel: (typeof all)[number]) => number) =>
    all.reduce((sum, pixel) => sum + (of(pixel) - Number(pixel.isHit)) ** 2, 0) / all.length;
  expect(report.raw.brier.value).toBeCloseTo(
    brier(({ raw }) => raw),
    10,
  );
  expect(report.calibrated.brier.value).toBeCloseTo(
    brier(({ after }) => after),
    10,
  );
  // Bins cost next to nothing.
  expect(report.raw.brier.value).toBeCloseTo(
    brier(({ exact }) => exact),
    4,
  );
  expect(report.brierGain.value).toBeCloseTo(brier(({ raw }) => raw) - brier(({ after }) => after), 10);
  const error = Array.from({ length: reliabilityBins }, (_, bin) => {
    const inside = all.filter(({ raw }) => Math.floor(raw * reliabilityBins) === bin);
    return Math.abs(inside.reduce((sum, { raw, isHit }) => sum + Number(isHit) - raw, 0)) / all.length;
  }).reduce((sum, each) => sum + each, 0);
  expect(report.raw.expectedCalibrationError.value).toBeCloseTo(error, 10);
  const ninety = all.filter(({ raw }) => raw >= 0.85 && raw < 0.95);
  expect(report.raw.nearNinety.value).toBeCloseTo(ninety.filter(({ isHit }) => isHit).length / ninety.length, 10);
  // It was too sure; what undoes that is known here.
  expect(report.raw.expectedCalibrationError.value).toBeGreaterThan(0.05);
  expect(report.calibrated.nearNinety.value).toBeGreaterThan(0.84);
  expect(report.brierGain.interval?.low).toBeGreaterThan(0);
});

test("an interval of the Brier score holds the true value about as often as it says", () => {
  const random = seededRandom(2);
  const calibrator: Calibrator = { method: "temperature", temperature: 1 };
  const draw = (areas: number) =>
    Array.from({ length: areas }, (_, area) => counted(String(area), 0, drawArea(random, 1.5, 150)));
  const many = Array.from({ length: 3000 }, () => drawArea(random, 1.5, 150)).flat();
  const truth = many.reduce((sum, { said, isHit }) => sum + (said - Number(isHit)) ** 2, 0) / many.length;
  const trials = 40;
  let held = 0;
  for (let trial = 0; trial < trials; trial++) {
    const { interval } = calibrationReport(draw(25), () => calibrator).raw.brier;
    if (interval !== undefined && interval.low <= truth && truth <= interval.high) held++;
  }
  // A percentile bootstrap of 25 areas is a little narrow: 93 % in the long run.
  expect(held / trials).toBeGreaterThanOrEqual(0.85);
});

test("a single area has no interval, and a bin without pixels no share", () => {
  const counts = counted("only", 0, [
    { said: 0.9, isHit: true },
    { said: 0.02, isHit: false },
  ]);
  const { raw } = calibrationReport([counts], () => ({ method: "temperature", temperature: 1 }));
  expect(raw.brier.interval).toBeUndefined();
  expect(raw.bins[7]).toMatchObject({ pixels: 0, share: { value: Number.NaN, interval: undefined } });
  expect(raw.nearNinety.value).toBe(1);
  expect(calibrated({ method: "temperature", temperature: 2 }, 1)).toBe(1);
});
