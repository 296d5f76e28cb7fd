import fc from "fast-check";
import { expect, test } from "vitest";
import { BigsfError } from "../errors.ts";
import { type MapRows, type PatchBatch, segmentRows } from "./segment-rows.ts";
import type { Voice } from "./voice.ts";

type Pixel = (y: number, x: number) => number;

function mapOf(height: number, width: number, pixel: Pixel): MapRows & { readonly reads: number[] } {
  const reads: number[] = [];
  return {
    shape: [height, width],
    reads,
    async section(y0, y1, x0, x1) {
      expect([x0, x1]).toEqual([0, width]);
      for (let y = y0; y < y1; y++) reads.push(y);
      return Float64Array.from({ length: (y1 - y0) * width }, (_, i) => pixel(y0 + Math.floor(i / width), i % width));
    },
  };
}

const settings = {
  patchSize: 32,
  overlap: 16,
  blend: "gaussian",
  batchSize: 5,
  normalization: "none",
  predict: async ({ patches }: PatchBatch) => patches.slice(),
} as const;

type Options = Omit<Parameters<typeof segmentRows>[0], "voices"> & Pick<Voice, "predict">;

/** All finished rows as one map, checked to come in order and whole. */
async function segment({ predict, ...options }: Options): Promise<Float32Array> {
  const [height, width] = options.map.shape;
  const whole = new Float32Array(height * width);
  let rows = 0;
  for await (const { firstRow, rowCount, probability, values } of segmentRows({ ...options, voices: [{ predict }] })) {
    expect(firstRow).toBe(rows);
    expect(probability).toHaveLength(rowCount * width);
    expect(Array.from(values, Number.isNaN)).toEqual(Array.from(probability, Number.isNaN));
    whole.set(probability, firstRow * width);
    rows += rowCount;
  }
  expect(rows).toBe(height);
  return whole;
}

const smooth: Pixel = (y, x) => 0.5 + 0.2 * Math.sin(y / 17) + 0.2 * Math.cos(x / 23);

test.each([
  { blend: "mean", height: 100, width: 131, overlap: 16 },
  { blend: "gaussian", height: 100, width: 131, overlap: 16 },
  { blend: "gaussian", height: 32, width: 33, overlap: 31 },
  { blend: "mean", height: 97, width: 64, overlap: 0 },
  { blend: "gaussian", height: 70, width: 71, overlap: 5 },
] as const)("a model that gives its input back gives the map back without a seam: %o", async (options) => {
  const { height, width } = options;
  const whole = await segment({ ...settings, ...options, map: mapOf(height, width, smooth) });
  for (const [i, value] of whole.entries())
    expect(Math.abs(value - smooth(Math.floor(i / width), i % width))).toBeLessThan(1e-6);
});

test("what patches disagree on is blended as the windows say", async () => {
  // Each patch claims its own constant, a hundredth of its first column, everywhere.
  const predict = async ({ patches, positions, count }: PatchBatch) =>
    patches.map((_, i) => (positions[Math.floor(i / (patches.length / count)) * 4 + 2] ?? 0) / 100);
  const map = mapOf(8, 16, () => 1);
  const common = { ...settings, map, patchSize: 8, overlap: 4, predict };
  const weight = (x: number, start: number) => Math.exp(-((x - start - 3.5) ** 2) / 2);
  const starts = [0, 4, 8];
  const blended = { mean: await segment({ ...common, blend: "mean" }), gaussian: await segment(common) };
  for (let x = 0; x < 16; x++) {
    const covering = starts.filter((start) => start <= x && x < start + 8);
    const share = (each: (start: number) => number) =>
      covering.reduce((sum, start) => sum + each(start) * start, 0) /
      covering.reduce((sum, start) => sum + each(start), 0) /
      100;
    expect(blended.mean[x]).toBeCloseTo(
      share(() => 1),
      6,
    );
    expect(blended.gaussian[x]).toBeCloseTo(
      share((start) => weight(x, start)),
      6,
    );
  }
});

test("an impulse stays at its pixel, in corners and on edges too", async () => {
  const sizes = fc.record({
    height: fc.integer({ min: 9, max: 40 }),
    width: fc.integer({ min: 9, max: 40 }),
    overlap: fc.nat(8),
    batchSize: fc.integer({ min: 1, max: 9 }),
    blend: fc.constantFrom("mean" as const, "gaussian" as const),
    at: fc.tuple(fc.constantFrom(0, 0.3, 0.77, 1), fc.constantFrom(0, 0.5, 0.9, 1)),
  });
  await fc.assert(
    fc.asyncProperty(sizes, async ({ at, height, width, ...options }) => {
      const [y, x] = [Math.round(at[0] * (height - 1)), Math.round(at[1] * (width - 1))];
      const map = mapOf(height, width, (row, column) => (row === y && column === x ? 1 : 0));
      const whole = await segment({ ...settings, ...options, patchSize: 9, map });
      for (const [i, value] of whole.entries()) expect(value).toBeCloseTo(i === y * width + x ? 1 : 0, 6);
      // Each row was read once, in order.
      expect(map.reads).toEqual(Array.from({ length: height }, (_, row) => row));
    }),
  );
});

test("what is not finite counts as 0 in a patch and is NaN in the result", async () => {
  const isNaNAt = (y: number, x: number) => y < 3 || (x === 20 && y === 20);
  const map = mapOf(40, 40, (y, x) => (isNaNAt(y, x) ? Number.NaN : x === 30 ? Number.POSITIVE_INFINITY : 0.25));
  const seen: number[] = [];
  const predict = async ({ patches }: PatchBatch) => {
    seen.push(...patches);
    return patches.map((value) => (value === 0 ? 0.75 : value));
  };
  const whole = await segment({ ...settings, patchSize: 16, overlap: 8, map, predict });
  expect(new Set(seen)).toEqual(new Set([0, 0.25]));
  for (const [i, value] of whole.entries()) {
    const [y, x] = [Math.floor(i / 40), i % 40];
    if (isNaNAt(y, x) || x === 30) expect(value).toBeNaN();
    else expect(value).toBeCloseTo(0.25, 6);
  }
});

test("where `missing` is not 1 the result is NaN, but the model still sees the map there", async () => {
  const missing = mapOf(40, 40, (y) => (y < 20 ? 1 : y < 30 ? 0 : Number.NaN));
  const seen = new Set<number>();
  const predict = async ({ patches, positions }: PatchBatch) => {
    for (const value of patches) seen.add(value);
    // Rows from 24 on have no valid pixel: their patches cost nothing.
    for (let i = 0; i < positions.length; i += 4) expect(positions[i]).toBeLessThan(20);
    return patches.slice();
  };
  const map = mapOf(40, 40, () => 0.5);
  const whole = await segment({ ...settings, patchSize: 16, overlap: 8, map, missing, predict });
  expect(seen).toEqual(new Set([0.5]));
  for (const [i, value] of whole.entries()) {
    if (i < 20 * 40) expect(value).toBeCloseTo(0.5, 6);
    else expect(value).toBeNaN();
  }
});

test("a patch without a positive pixel is not predicted: its probability is 0", async () => {
  const map = mapOf(32, 64, (_, x) => (x < 32 ? 0.5 : -1));
  const predict = async ({ patches, positions, count }: PatchBatch) => {
    expect([count, ...positions]).toEqual([1, 0, 32, 0, 32]);
    return patches.map(() => 0.9);
  };
  const whole = await segment({ ...settings, overlap: 0, map, predict });
  for (const [i, value] of whole.entries()) expect(value).toBeCloseTo(i % 64 < 32 ? 0.9 : 0, 6);
});

test("batches are as large as wanted, but for the last of a row", async () => {
  const counts: number[] = [];
  const predict = async ({ patches, positions, count }: PatchBatch) => {
    expect([patches.length, positions.length]).toEqual([count * 256, count * 4]);
    counts.push(count);
    return patches.slice();
  };
  const map = mapOf(24, 16 + 8 * 6, smooth);
  await segment({ ...settings, patchSize: 16, overlap: 8, batchSize: 3, map, predict });
  expect(counts).toEqual([3, 3, 1, 3, 3, 1]);
});

test("every patch is normalised alone, by the rule of training", async () => {
  const map = mapOf(16, 32, (y, x) => 10 ** (y + x - 3));
  const common = { ...settings, patchSize: 16, overlap: 0, map };
  const minmax = await segment({ ...common, normalization: "minmax" });
  const log = await segment({ ...common, normalization: "log" });
  for (const [first, last] of [
    [0, 15 * 32 + 15],
    [16, 15 * 32 + 31],
  ] as const) {
    expect([minmax[first], minmax[last], log[first], log[last]]).toEqual([0, 1, 0, 1]);
    expect(log[first + 6]).toBeCloseTo(0.2, 6);
  }
});

test("it tells how far it is, and stops when it is told to", async () => {
  const map = mapOf(48, 64, (y) => (y < 32 ? 0 : 1));
  const told: (readonly [number, number])[] = [];
  const options = { ...settings, batchSize: 2, map };
  await segment({ ...options, onProgress: (...each) => told.push(each) });
  expect(told).toEqual([
    [0, 6],
    [3, 6],
    [5, 6],
    [6, 6],
  ]);
  const stop = new AbortController();
  const stopped = segment({ ...options, signal: stop.signal, onProgress: () => stop.abort("enough") });
  await expect(stopped).rejects.toBe("enough");
});

test("a model that says NaN is an error that names the patch; a map without room for one too", async () => {
  const predict = async ({ patches }: PatchBatch) => patches.map((_, i) => (i === 300 ? Number.NaN : 0.5));
  const wrong = segment({ ...settings, map: mapOf(32, 40, () => 1), predict });
  await expect(wrong).rejects.toThrow(BigsfError);
  await expect(wrong).rejects.toThrow(/predicts NaN for the patch at row 0, column 0/);
  // A map that is too low for a patch is filled up without data.
  const small = await segment({ ...settings, map: mapOf(31, 40, () => 1) });
  expect(small).toHaveLength(31 * 40);
  expect(small.some(Number.isNaN)).toBe(false);
});
