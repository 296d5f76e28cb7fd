/** Against scikit-learn and SciPy: `fixtures/calibration.py`. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { emptyCounts, type PixelCounts } from "./area-counts.ts";
import { calibrated } from "./calibrator.ts";
import { fitCalibrator } from "./fit-calibrator.ts";

interface Fixture {
  readonly counts: readonly (readonly [bin: number, hits: number, misses: number])[];
  readonly temperature: number;
  readonly isotonic: readonly number[];
}

const path = new URL("../../fixtures/calibration.json", import.meta.url);
const fixture: Fixture = JSON.parse(readFileSync(path, "utf8"));

function countsOf(rows: Fixture["counts"]): PixelCounts {
  const counts = emptyCounts();
  for (const [bin, hits, misses] of rows) {
    counts.hits[bin] = hits;
    counts.misses[bin] = misses;
  }
  return counts;
}

test("temperature", () => {
  const calibrator = fitCalibrator("temperature", countsOf(fixture.counts));
  expect(calibrator).toEqual({ method: "temperature", temperature: expect.closeTo(fixture.temperature, 6) });
});

test("isotonic", () => {
  const calibrator = fitCalibrator("isotonic", countsOf(fixture.counts));
  if (calibrator.method !== "isotonic") throw new Error(calibrator.method);
  expect(calibrator.shares).toHaveLength(fixture.isotonic.length);
  for (const [block, share] of calibrator.shares.entries()) expect(share).toBeCloseTo(fixture.isotonic[block] ?? 0, 10);
  expect(calibrator.scores).toEqual(calibrator.scores.toSorted((a, b) => a - b));
});

test.each(["temperature", "isotonic"] as const)("%s rises, stays between 0 and 1, and keeps NaN", (method) => {
  const calibrator = fitCalibrator(method, countsOf(fixture.counts));
  const probabilities = Float32Array.from({ length: 1001 }, (_, index) => index / 1000);
  const said = probabilities.map((probability) => calibrated(calibrator, probability));
  expect([...said]).toEqual([...said].toSorted((a, b) => a - b));
  expect(said[0]).toBeGreaterThanOrEqual(0);
  expect(said[1000]).toBeLessThanOrEqual(1);
  expect(calibrated(calibrator, Number.NaN)).toBeNaN();
});

test("a line between the blocks of isotonic regression, and no step", () => {
  const calibrator = { method: "isotonic", scores: [0.2, 0.6], shares: [0.1, 0.9] } as const;
  const said = [0, 0.2, 0.3, 0.5, 0.6, 1].map((probability) => calibrated(calibrator, probability));
  for (const [place, value] of [0.1, 0.1, 0.3, 0.7, 0.9, 0.9].entries()) expect(said[place]).toBeCloseTo(value, 12);
});

test("pixels of one class tell nothing", () => {
  expect(() => fitCalibrator("isotonic", countsOf([[500, 0, 9]]))).toThrow(
    "no labelled pixel lies on a filament, so that nothing can be calibrated by them",
  );
  expect(() => fitCalibrator("temperature", countsOf([[500, 9, 0]]))).toThrow("off every filament");
});
