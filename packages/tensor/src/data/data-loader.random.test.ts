/** Samples that draw random numbers: the same ones whatever was read before, and in whatever pieces. */
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromArray } from "../creation.ts";
import { TensorError } from "../errors.ts";
import { Generator, manualSeed } from "../random/generator.ts";
import { DataLoader } from "./data-loader.ts";
import { type Dataset, type IterableDataset, type Sample, Subset } from "./dataset.ts";

/** Its index, and two numbers drawn for it. */
const fieldsOf = (index: number, generator: Generator) =>
  Float32Array.of(index, generator.uniform(), generator.normal());

class OneByOne implements Dataset {
  readonly length: number;

  constructor(length: number) {
    this.length = length;
  }

  async get(index: number, generator: Generator): Promise<Sample> {
    await setTimeout((index * 7) % 3);
    return [fromArray(fieldsOf(index, generator), [3])];
  }
}

class Many extends OneByOne {
  readonly asked: number[] = [];

  async getMany(indices: Int32Array, generatorAt: (position: number) => Generator) {
    this.asked.push(indices.length);
    const data = new Float32Array(3 * indices.length);
    for (const [position, index] of indices.entries()) data.set(fieldsOf(index, generatorAt(position)), 3 * position);
    return [{ data, shape: [indices.length, 3], dtype: "float32" as const }];
  }
}

/** Batches of an epoch as plain numbers, whatever the pieces that they came in. */
async function batchesOf(
  loader: DataLoader<Dataset | IterableDataset>,
  { seed = 0, maxSteps = 1000, skippedBatches = 0 } = {},
) {
  const batches: number[][][] = [];
  for await (const { fields, rows, batchSize } of loader.chunks(new Generator(seed), maxSteps, skippedBatches)) {
    for (let start = 0; start < rows.length; start += batchSize) {
      const batch = Array.from(rows.subarray(start, start + batchSize));
      batches.push(
        batch.map((row) => fields.flatMap(({ data }) => Array.from(data.subarray(3 * row, 3 * row + 3), Number))),
      );
    }
  }
  return batches;
}

const options = fc.record({
  batchSize: fc.integer({ min: 1, max: 9 }),
  shuffle: fc.boolean(),
  dropLast: fc.boolean(),
  concurrency: fc.integer({ min: 1, max: 5 }),
});

describe("an epoch that goes on in its middle", () => {
  const pieces = fc.integer({ min: 1, max: 5 });

  test("has the bits of the whole one, and reads only what is left", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(25),
        options,
        pieces,
        fc.nat(),
        fc.nat(8),
        async (length, given, maxSteps, seed, skip) => {
          const whole = await batchesOf(new DataLoader(new Many(length), given), { seed });
          const dataset = new Many(length);
          const rest = await batchesOf(new DataLoader(dataset, given), { seed, maxSteps, skippedBatches: skip });
          expect(rest).toEqual(whole.slice(skip));
          expect(dataset.asked.reduce((a, b) => a + b, 0)).toBe(rest.flat().length);
          const slow = new DataLoader(new OneByOne(length), given);
          expect(await batchesOf(slow, { seed, maxSteps, skippedBatches: skip })).toEqual(whole.slice(skip));
        },
      ),
      { numRuns: 40 },
    );
  });

  test("also of an iterable data set, and of one in memory", async () => {
    const stream: IterableDataset = {
      *iterate(generator) {
        for (let index = 0; index < 11; index++) yield [fromArray(fieldsOf(index, generator), [3])];
      },
    };
    const held: Dataset = {
      length: 11,
      get: (index) => [fromArray(fieldsOf(index, new Generator(index)), [3])],
      samples: async () => ({
        fields: [
          {
            data: Float32Array.from({ length: 33 }, (_, at) => at),
            shape: [11, 3],
            dtype: "float32",
          },
        ],
        rows: Int32Array.from({ length: 11 }, (_, row) => row),
      }),
    };
    for (const [dataset, shuffle] of [
      [stream, false],
      [held, true],
    ] as const) {
      for (const dropLast of [false, true]) {
        const loader = new DataLoader<Dataset | IterableDataset>(dataset, { batchSize: 4, shuffle, dropLast });
        const whole = await batchesOf(loader);
        expect(whole.length).toBe(dropLast ? 2 : 3);
        for (let skippedBatches = 0; skippedBatches <= 4; skippedBatches++)
          expect(await batchesOf(loader, { skippedBatches, maxSteps: 1 })).toEqual(whole.slice(skippedBatches));
      }
    }
  });
});

describe("what a sample draws", () => {
  const drawn = async (loader: DataLoader<Dataset>, seed: number) =>
    new Map((await batchesOf(loader, { seed })).flat().map(([index = 0, ...values]) => [index, values]));

  test("depends on the epoch's generator and its index alone, not on order, batches or concurrency", async () => {
    const expected = await drawn(new DataLoader(new OneByOne(20)), 3);
    for (const given of [{ shuffle: true }, { batchSize: 7, concurrency: 2 }, { batchSize: 20, shuffle: true }])
      expect(await drawn(new DataLoader(new OneByOne(20), given), 3)).toEqual(expected);
    expect(await drawn(new DataLoader(new OneByOne(20)), 4)).not.toEqual(expected);
    expect(new Set([...expected.values()].map(String)).size).toBe(20);
  });

  test("is another in each pass over a loader, and the default generator's seed decides it", async () => {
    const loader = new DataLoader(new Many(5), { batchSize: 5 });
    const pass = async () => {
      for await (const [batch] of loader) return batch?.toArray();
      return undefined;
    };
    manualSeed(1);
    const passes = [await pass(), await pass()];
    expect(passes[1]).not.toEqual(passes[0]);
    manualSeed(1);
    expect([await pass(), await pass()]).toEqual(passes);
  });
});

test("a part of a data set that reads many at once does so too", async () => {
  const dataset = new Many(10);
  const part = new Subset(dataset, [7, 2, 5]);
  const batches = await batchesOf(new DataLoader(part, { batchSize: 2 }));
  expect(batches.flat().map(([index]) => index)).toEqual([7, 2, 5]);
  expect(dataset.asked).toEqual([2, 1]);
  const epoch = new Generator(0);
  expect(batches.flat()[1]).toEqual(Array.from(fieldsOf(2, epoch.stream("sample", 1))));
  expect((await part.get(1, epoch.stream("sample", 1)))[0]?.shape).toEqual([3]);
  expect(new Subset(new OneByOne(3), [0]).getMany).toBeUndefined();
});

test("a data set's own order is taken where samples are shuffled, and only there", async () => {
  const dataset = Object.assign(new Many(4), { shuffled: () => Int32Array.of(3, 1, 2, 0) });
  const order = async (shuffle: boolean) =>
    (await batchesOf(new DataLoader(dataset, { batchSize: 3, shuffle }))).map((batch) => batch.map(([index]) => index));
  expect(await order(true)).toEqual([[3, 1, 2], [0]]);
  expect(await order(false)).toEqual([[0, 1, 2], [3]]);
});

test("getMany that gives something else than get is refused", async () => {
  class Odd extends OneByOne {
    async getMany(indices: Int32Array) {
      return [{ data: new Float32Array(2 * indices.length), shape: [indices.length, 2], dtype: "float32" as const }];
    }
  }
  await expect(batchesOf(new DataLoader(new Odd(3), { batchSize: 3 }))).rejects.toThrow(
    new TensorError(
      "TENSOR_SHAPE",
      "getMany of the data set gave float32 [3, 2] for 3 samples; get gives float32 [3] for one",
    ),
  );
});
