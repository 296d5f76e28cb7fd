import { expectNear } from "@ml-mosaic/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { meanInterval, shareMeanInterval } from "./mean-interval.ts";
import { seededRandom } from "./random.ts";
import { deviationOf, meanOf } from "./sample.ts";

test.each([
  // scipy.special.expit(logit(m) ± scipy.stats.t.ppf(.975, n - 1) * s * sqrt(1 / n + ρ / (1 - ρ)) / (m * (1 - m)))
  [[0.9, 0.95, 0.99], 0, 0.6587568617756466, 0.9939100797565064],
  [[0.8517, 0.9053, 0.7887, 0.9057, 0.7511], 0.25, 0.6485521544797456, 0.9376857629041416],
  [[0.01, 0.02, 0], 0, 0.0008208492782812904, 0.11047583758001009],
])(
  "the interval of a mean of shares is taken on the logit scale: %j, correlated by %d",
  (values, correlation, low, high) => {
    const interval = shareMeanInterval(values, correlation);
    expectNear([interval.low, interval.high], [low, high], { relative: 1e-9 });
  },
);

test("it stays inside 0 and 1 and around the mean, whatever the shares", () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(share, { minLength: 2, maxLength: 12 }),
      fc.double({ min: 0, max: 0.9, noNaN: true }),
      (values, correlation) => {
        const { low, high } = shareMeanInterval(values, correlation);
        const mean = values.reduce((sum, value) => sum + value / values.length, 0);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(mean + 1e-9);
        expect(high).toBeGreaterThanOrEqual(mean - 1e-9);
      },
    ),
  );
});

test("many results take no more memory than few: 400 MB were kept for these", () => {
  const before = process.memoryUsage().arrayBuffers;
  const values = Array.from({ length: 20_000 }, seededRandom(5));
  const { low, high } = meanInterval(values) ?? {};
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100e6);
  const half = (1.96 * deviationOf(values)) / Math.sqrt(values.length);
  expect(low).toBeCloseTo(meanOf(values) - half, 3);
  expect(high).toBeCloseTo(meanOf(values) + half, 3);
});
