import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arange, tensor, zeros } from "../creation.ts";
import { TensorError } from "../errors.ts";
import { Generator } from "../random/generator.ts";
import { DataLoader } from "./data-loader.ts";
import { randomSplit, Subset, TensorDataset } from "./dataset.ts";

const numbered = (length: number) => new TensorDataset(arange(length));
const rowsOf = async (dataset: { samples(): Promise<{ rows: Int32Array }> }) =>
  Array.from((await dataset.samples()).rows);

test("TensorDataset holds tensors of one number of samples, and computes them once", async () => {
  const dataset = new TensorDataset(
    tensor([
      [1, 2],
      [3, 4],
    ]).mul(2),
    arange(2),
  );
  expect(dataset.length).toBe(2);
  const { fields, rows } = await dataset.samples();
  expect(fields).toEqual([
    { data: Float32Array.of(2, 4, 6, 8), shape: [2, 2], dtype: "float32" },
    { data: BigInt64Array.of(0n, 1n), shape: [2], dtype: "int64" },
  ]);
  expect(rows).toEqual(Int32Array.of(0, 1));
  expect((await dataset.samples()).fields).toBe(fields);
});

test("samples of booleans stay booleans, one by one, in batches and in parts", async () => {
  const flags = tensor([true, false, true]);
  const dataset = new TensorDataset(flags);
  const own = { length: 3, get: (index: number) => [flags.select(0, index)] };
  for (const each of [dataset, new Subset(dataset, [0, 1, 2]), own]) {
    expect((await each.get(0, new Generator(0)))[0]?.dtype).toBe("bool");
    for await (const [batch] of new DataLoader(each, { batchSize: 3 })) {
      expect(batch?.dtype).toBe("bool");
      expect(await batch?.toArray()).toEqual([1, 0, 1]);
    }
  }
});

test("TensorDataset refuses tensors that do not fit, showing their shapes", () => {
  expect(() => new TensorDataset(zeros([3, 2]), zeros([4]))).toThrow(/\[3,2\] and \[4\]/);
  expect(() => new TensorDataset(zeros([]))).toThrow(TensorError);
  expect(() => new TensorDataset()).toThrow(TensorError);
});

describe("Subset", () => {
  test("of a Subset names the rows of the data set itself", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.infiniteStream(fc.nat(1000)), async (length, stream) => {
        const pick = (below: number) => Array.from({ length: below }, () => Number(stream.next().value) % below);
        const [outer, inner] = [pick(length), pick(length)];
        const subset = new Subset(new Subset(numbered(length), outer), inner);
        expect(subset.length).toBe(length);
        expect(await rowsOf(subset)).toEqual(inner.map((index) => outer[index]));
      }),
    );
  });

  test.each([-1, 3, 0.5, Number.NaN])("refuses index %f of 3 samples", (index) => {
    expect(() => new Subset(numbered(3), [0, index])).toThrow(/outside the data set of 3 samples/);
  });
});

describe("randomSplit", () => {
  /** Written by fixtures/random_split.py with PyTorch. */
  const cases: readonly { samples: number; fractions: number[]; sizes: number[] }[] = JSON.parse(
    readFileSync(new URL("../../fixtures/random_split.json", import.meta.url), "utf8"),
  );

  test(`has PyTorch's sizes for ${cases.length} lists of fractions`, () => {
    for (const { samples, fractions, sizes } of cases) {
      const parts = randomSplit(numbered(samples), fractions, { generator: new Generator(0) });
      expect(
        parts.map(({ length }) => length),
        `${samples}: ${fractions}`,
      ).toEqual(sizes);
    }
  });

  test("gives every sample to exactly one part", async () => {
    const part = fc.array(fc.nat(20), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(part, fc.nat(), async (lengths, seed) => {
        const total = lengths.reduce((a, b) => a + b, 0);
        fc.pre(total > 1);
        const parts = randomSplit(numbered(total), lengths, { generator: new Generator(seed) });
        expect(parts.map(({ length }) => length)).toEqual(lengths);
        const rows = (await Promise.all(parts.map(rowsOf))).flat();
        expect(rows.toSorted((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, index) => index));
      }),
    );
  });

  test("depends on the seed alone", async () => {
    const split = async (seed: number) =>
      rowsOf(randomSplit(numbered(50), [25, 25], { generator: new Generator(seed) })[0] ?? numbered(0));
    expect(await split(1)).toEqual(await split(1));
    expect(await split(1)).not.toEqual(await split(2));
  });

  test.each([[[5, 4]], [[11, -1]], [[0.5, 0.4]], [[1.5, -0.5]], [[5.5, 4.5]], [[Number.NaN]], [[]]])(
    "refuses %j for 10 samples",
    (lengths) => {
      expect(() => randomSplit(numbered(10), lengths)).toThrow(/must add up to 10 samples/);
    },
  );
});
