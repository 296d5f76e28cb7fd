import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TensorError } from "../errors.ts";
import { trace } from "../graph/trace.ts";
import { defaultGenerator, Generator, manualSeed } from "./generator.ts";

const draw = (generator: Generator, count: number) => Array.from({ length: count }, () => generator.uint32());
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe("streams", () => {
  test("the same seed gives the same numbers, another seed others", () => {
    expect(draw(new Generator(3), 100)).toEqual(draw(new Generator(3), 100));
    expect(draw(new Generator(3), 100)).not.toEqual(draw(new Generator(4), 100));
  });

  test("do not depend on what else was drawn, nor on their order", () => {
    const one = new Generator(1);
    draw(one, 37);
    const late = draw(one.stream("b"), 10);
    const other = new Generator(1);
    expect(draw(other.stream("b"), 10)).toEqual(late);
    expect(draw(other.stream("a"), 10)).not.toEqual(late);
    expect(draw(other.stream("a", "b"), 10)).toEqual(draw(other.stream("a").stream("b"), 10));
    expect(draw(other, 10)).toEqual(draw(new Generator(1), 10));
  });

  test("the position can be read and set to anywhere", () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(200), (from, to) => {
        const generator = new Generator(5);
        const all = draw(new Generator(5), 220);
        draw(generator, from);
        expect(generator.position).toBe(from);
        generator.position = to;
        expect(draw(generator, 20)).toEqual(all.slice(to, to + 20));
        expect(generator.position).toBe(to + 20);
      }),
    );
  });

  test.each([-1, 1.5, Number.NaN])("position %f is refused", (position) => {
    expect(() => {
      new Generator(0).position = position;
    }).toThrow(TensorError);
  });

  test.each([0.5, Number.NaN, 2 ** 60])("seed %f is refused", (seed) => {
    expect(() => new Generator(seed)).toThrow(TensorError);
  });

  test("manualSeed sets the generator used where none is given", () => {
    const first = draw(manualSeed(9), 5);
    manualSeed(9);
    expect(draw(defaultGenerator(), 5)).toEqual(first);
  });
});

// Bounds are four standard deviations of each statistic; the seeds are fixed, so that nothing fails by chance later.
describe("distributions", () => {
  const n = 100_000;

  test("uniform: moments, limits, neighbours", () => {
    const generator = new Generator(11);
    const values = Array.from({ length: n }, () => generator.uniform());
    expect(values.every((value) => value >= 0 && value < 1 && Math.fround(value) === value)).toBe(true);
    expect(Math.abs(mean(values) - 1 / 2)).toBeLessThan(4 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(mean(values.map((x) => (x - 0.5) ** 2)) - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / n));
    const products = values.slice(1).map((x, index) => (x - 0.5) * ((values[index] ?? 0) - 0.5));
    expect(Math.abs(mean(products))).toBeLessThan((4 * (1 / 12)) / Math.sqrt(n));
    const shifted = Array.from({ length: n }, () => generator.uniform(-3, 5));
    expect(Math.min(...shifted.slice(0, 1000))).toBeGreaterThanOrEqual(-3);
    expect(Math.abs(mean(shifted) - 1)).toBeLessThan(4 * Math.sqrt(64 / 12 / n));
  });

  test("normal: moments up to the fourth", () => {
    const generator = new Generator(12);
    const values = Array.from({ length: n }, () => generator.normal());
    expect(Math.abs(mean(values))).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(mean(values.map((x) => x ** 2)) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(mean(values.map((x) => x ** 3)))).toBeLessThan(4 * Math.sqrt(15 / n));
    expect(Math.abs(mean(values.map((x) => x ** 4)) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
    const moved = Array.from({ length: n }, () => generator.normal(5, 0.1));
    expect(Math.abs(mean(moved) - 5)).toBeLessThan((4 * 0.1) / Math.sqrt(n));
  });

  test("integer: every value equally often", () => {
    const generator = new Generator(13);
    const counts = new Array<number>(10).fill(0);
    for (let index = 0; index < n; index++) {
      const value = generator.integer(-3, 7) + 3;
      counts[value] = (counts[value] ?? 0) + 1;
    }
    // Chi square with 9 degrees of freedom: 33.7 is exceeded once in 10,000.
    const chiSquare = counts.reduce((sum, count) => sum + (count - n / 10) ** 2 / (n / 10), 0);
    expect(chiSquare).toBeLessThan(33.7);
  });

  test("integer: no bias where the range does not divide 2^32", () => {
    // Taking remainders alone would give the lower third half of the draws.
    const generator = new Generator(14);
    const lower = Array.from({ length: n }, () => Number(generator.integer(0, 3 * 2 ** 30) < 2 ** 30));
    expect(Math.abs(mean(lower) - 1 / 3)).toBeLessThan(4 * Math.sqrt(2 / 9 / n));
  });

  test("integer stays in its range, up to 2^32, and refuses others", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (low, range) => {
        const value = new Generator(range).integer(low, low + range);
        expect(Number.isInteger(value) && value >= low && value < low + range).toBe(true);
      }),
    );
    for (const [low, high] of [
      [0, 0],
      [2, 1],
      [0, 2 ** 32 + 1],
      [0.5, 3],
    ] as const)
      expect(() => new Generator(0).integer(low, high)).toThrow(TensorError);
  });

  test("permutation is one, and each is equally likely", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(300), (seed, length) => {
        const order = new Generator(seed).permutation(length);
        expect(Array.from(order.toSorted())).toEqual(Array.from({ length }, (_, index) => index));
      }),
    );
    const generator = new Generator(15);
    const counts = new Map<string, number>();
    for (let index = 0; index < 24_000; index++) {
      const key = generator.permutation(4).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // Chi square with 23 degrees of freedom: 57.1 is exceeded once in 10,000.
    expect([...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(57.1);
  });
});

test.each<[string, (generator: Generator) => unknown]>([
  ["uniform", (generator) => generator.uniform()],
  ["normal", (generator) => generator.normal()],
  ["integer", (generator) => generator.integer(0, 3)],
  ["permutation", (generator) => generator.permutation(3)],
])("%s is refused while a step is built, where it would give all steps the same numbers", (_name, draw) => {
  for (const generator of [new Generator(0), defaultGenerator(), new Generator(0).stream("noise")]) {
    expect(() => trace(() => draw(generator))).toThrow(/all steps would have the same numbers. In a step write rand/);
    draw(generator);
  }
});
