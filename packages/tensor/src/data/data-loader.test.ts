import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arange, zeros } from "../creation.ts";
import { setPart } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { Generator, manualSeed } from "../random/generator.ts";
import { DataLoader } from "./data-loader.ts";
import { Subset, TensorDataset } from "./dataset.ts";

describe("an epoch", () => {
  const options = fc.record({
    batchSize: fc.integer({ min: 1, max: 12 }),
    shuffle: fc.boolean(),
    dropLast: fc.boolean(),
  });

  test("is a permutation of the samples, cut into whole batches and a rest", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(50), options, fc.nat(), async (length, given, seed) => {
        const dataset = new Subset(
          new TensorDataset(arange(length + 3)),
          Array.from({ length }, (_, index) => length + 2 - index),
        );
        const loader = new DataLoader(dataset, given);
        const samples = await dataset.samples();
        const { whole, rest } = loader.epoch(samples, new Generator(seed));
        const { batchSize, dropLast, shuffle } = given;
        expect(whole.length).toBe(length - (length % batchSize));
        expect(rest.length).toBe(dropLast ? 0 : length % batchSize);
        expect(loader.length).toBe(whole.length / batchSize + (rest.length > 0 ? 1 : 0));
        const all = Array.from(samples.rows);
        const seen = [...whole, ...rest];
        if (!shuffle) expect(seen).toEqual(all.slice(0, seen.length));
        expect(new Set(seen).size).toBe(seen.length);
        if (!dropLast) expect(seen.toSorted((a, b) => a - b)).toEqual(all.toSorted((a, b) => a - b));
      }),
    );
  });

  test("is shuffled by its generator alone, and leaves it untouched without shuffling", async () => {
    const dataset = new TensorDataset(arange(100));
    const samples = await dataset.samples();
    const order = (seed: number) =>
      new DataLoader(dataset, { batchSize: 10, shuffle: true }).epoch(samples, new Generator(seed)).whole;
    expect(order(1)).toEqual(order(1));
    expect(order(1)).not.toEqual(order(2));
    expect(order(1)).not.toEqual(samples.rows);
    const generator = new Generator(0);
    new DataLoader(dataset).epoch(samples, generator);
    expect(generator.position).toBe(0);
  });
});

test("iterating gives the batches as tensors", async () => {
  const dataset = new TensorDataset(arange(14).reshape([7, 2]).float(), arange(7), arange(7).gt(3));
  const batches: unknown[] = [];
  for await (const batch of new DataLoader(new Subset(dataset, [6, 0, 1, 2, 5]), { batchSize: 2 }))
    batches.push(await Promise.all(batch.map((tensor) => tensor.toArray())));
  expect(batches).toEqual([
    [
      [
        [12, 13],
        [0, 1],
      ],
      [6, 0],
      [1, 0],
    ],
    [
      [
        [2, 3],
        [4, 5],
      ],
      [1, 2],
      [0, 0],
    ],
    [[[10, 11]], [5], [1]],
  ]);
  let count = 0;
  for await (const _ of new DataLoader(dataset, { batchSize: 2, dropLast: true })) count++;
  expect(count).toBe(3);
});

test.each([false, true])("whoever changes a batch changes no samples, shuffled: %s", async (shuffle) => {
  const loader = new DataLoader(new TensorDataset(zeros([4, 2])), { shuffle });
  for (let epoch = 0; epoch < 2; epoch++) {
    for await (const [batch] of loader) {
      const data = (await batch?.data()) ?? new Float32Array();
      expect([...data]).toEqual([0, 0]);
      setPart(data, Float32Array.of(1, 1), 0);
    }
  }
});

test("iterating shuffles anew each time, from the default generator", async () => {
  const loader = new DataLoader(new TensorDataset(arange(20)), { batchSize: 20, shuffle: true });
  const epoch = async () => {
    for await (const [batch] of loader) return batch?.toArray();
    return undefined;
  };
  manualSeed(3);
  const [first, second] = [await epoch(), await epoch()];
  expect(second).not.toEqual(first);
  manualSeed(3);
  expect(await epoch()).toEqual(first);
});

test.each([0, -1, 1.5, Number.NaN])("batch size %f is refused", (batchSize) => {
  expect(() => new DataLoader(new TensorDataset(arange(3)), { batchSize })).toThrow(TensorError);
});
