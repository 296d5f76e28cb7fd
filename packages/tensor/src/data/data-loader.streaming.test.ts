/** Data sets that are not in memory: the same batches as of those that are, whatever the pieces, and nothing kept. */
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromArray, tensor } from "../creation.ts";
import { TensorError } from "../errors.ts";
import { MSELoss } from "../losses/regression.ts";
import { Linear } from "../nn/linear.ts";
import { Adam } from "../optim/adam.ts";
import { compileTraining } from "../program/training-program.ts";
import { Generator } from "../random/generator.ts";
import type { Tensor } from "../tensor.ts";
import { ahead } from "./ahead.ts";
import { DataLoader } from "./data-loader.ts";
import { type Dataset, type IterableDataset, randomSplit, type Sample, Subset, TensorDataset } from "./dataset.ts";

const sampleOf = (index: number): Sample => [tensor([index, -index]), fromArray(BigInt64Array.of(BigInt(index)), [])];

/** Answers late, and not in the order of the questions. */
function slow(length: number): Dataset & { readonly asked: number[] } {
  const asked: number[] = [];
  return {
    asked,
    length,
    async get(index) {
      asked.push(index);
      await setTimeout((index * 7) % 3);
      return sampleOf(index);
    },
  };
}

const inMemory = (length: number) =>
  new TensorDataset(
    fromArray(
      Float32Array.from({ length: 2 * length }, (_, index) => (index % 2 === 0 ? index / 2 : -(index - 1) / 2)),
      [length, 2],
    ),
    fromArray(
      BigInt64Array.from({ length }, (_, index) => BigInt(index)),
      [length],
    ),
  );

function counting(length: number): IterableDataset {
  return {
    async *iterate() {
      for (let index = 0; index < length; index++) yield sampleOf(index);
    },
  };
}

/** Answers at once, in part with what has yet to be computed. */
const atOnce = (length: number): Dataset => ({
  length,
  get: (index) =>
    index % 3 === 0 ? [tensor([index / 2, -index / 2]).mul(2), ...sampleOf(index).slice(1)] : sampleOf(index),
});

/** Every batch of an epoch as lists of rows' elements. */
async function batchesOf(loader: DataLoader<Dataset | IterableDataset>, seed: number, maxSteps: number) {
  const batches: number[][] = [];
  for await (const { fields, rows, batchSize } of loader.chunks(new Generator(seed), maxSteps)) {
    expect(rows.length % batchSize).toBe(0);
    const [features, labels] = fields;
    for (let start = 0; start < rows.length; start += batchSize) {
      const batch = Array.from(rows.subarray(start, start + batchSize));
      batches.push(batch.map((row) => Number(labels?.data[row])));
      for (const row of batch) {
        expect(features?.data[2 * row]).toBe(Number(labels?.data[row]));
        expect(features?.data[2 * row + 1]).toBeCloseTo(-Number(labels?.data[row]));
      }
    }
  }
  return batches;
}

describe("an epoch", () => {
  const options = fc.record({
    batchSize: fc.integer({ min: 1, max: 9 }),
    shuffle: fc.boolean(),
    dropLast: fc.boolean(),
    concurrency: fc.integer({ min: 1, max: 5 }),
  });

  test("of random access has the batches of the same samples in memory, in pieces of any size", async () => {
    const pieces = fc.integer({ min: 1, max: 5 });
    await fc.assert(
      fc.asyncProperty(fc.nat(20), options, pieces, fc.nat(), async (length, given, maxSteps, seed) => {
        const expected = await batchesOf(new DataLoader(inMemory(length), given), seed, 1000);
        expect(await batchesOf(new DataLoader(slow(length), given), seed, maxSteps)).toEqual(expected);
        expect(await batchesOf(new DataLoader(atOnce(length), given), seed, maxSteps)).toEqual(expected);
        expect(await batchesOf(new DataLoader(inMemory(length), given), seed, maxSteps)).toEqual(expected);
        const loader = new DataLoader(slow(length), given);
        expect(loader.length).toBe(expected.length);
      }),
      { numRuns: 30 },
    );
  });

  test("of an iterable data set comes in its order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(40), options, fc.integer({ min: 1, max: 5 }), async (length, given, maxSteps) => {
        const ordered = { ...given, shuffle: false };
        const expected = await batchesOf(new DataLoader(inMemory(length), ordered), 0, 1000);
        expect(await batchesOf(new DataLoader(counting(length), ordered), 0, maxSteps)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  test("of an iterable data set draws from the epoch's generator", async () => {
    const dataset: IterableDataset = {
      *iterate(generator) {
        for (const index of generator.permutation(10)) yield sampleOf(index);
      },
    };
    const epoch = (seed: number) => batchesOf(new DataLoader(dataset, { batchSize: 4 }), seed, 10);
    expect(await epoch(1)).toEqual(await epoch(1));
    expect(await epoch(1)).not.toEqual(await epoch(2));
  });

  test("of a part of a slow data set reads that part alone", async () => {
    const dataset = slow(30);
    const [, part] = randomSplit(dataset, [20, 10], { generator: new Generator(0) });
    const batches = await batchesOf(new DataLoader(part, { batchSize: 3, shuffle: true }), 1, 2);
    expect(batches.flat().toSorted((a, b) => a - b)).toEqual(Array.from(part.indices).toSorted((a, b) => a - b));
    expect(new Set(dataset.asked)).toEqual(new Set(Array.from(part.indices)));
    expect(part.samples).toBeUndefined();
    expect(new Subset(inMemory(3), [1]).samples).toBeDefined();
  });
});

test("iterating gives tensors, of any data set", async () => {
  const read = async (loader: DataLoader<Dataset | IterableDataset>) => {
    const batches: unknown[] = [];
    for await (const batch of loader) batches.push(await Promise.all(batch.map((each) => each.toArray())));
    return batches;
  };
  const expected = await read(new DataLoader(inMemory(5), { batchSize: 2 }));
  expect(await read(new DataLoader(slow(5), { batchSize: 2 }))).toEqual(expected);
  expect(await read(new DataLoader(counting(5), { batchSize: 2 }))).toEqual(expected);
  expect(await Promise.all((await inMemory(5).get(3)).map((each) => each.toArray()))).toEqual([[3, -3], 3]);
});

test("peek shows what a program must know", async () => {
  for (const dataset of [slow(100), counting(100)]) {
    const { fields, rows } = await new DataLoader<Dataset | IterableDataset>(dataset).peek(5);
    expect(fields.map(({ shape, dtype }) => [dtype, shape])).toEqual([
      ["float32", [5, 2]],
      ["int64", [5]],
    ]);
    expect(rows).toEqual(Int32Array.of(0, 1, 2, 3, 4));
  }
  for (const dataset of [slow(0), counting(0)])
    expect(await new DataLoader<Dataset | IterableDataset>(dataset).peek()).toEqual({
      fields: [],
      rows: new Int32Array(),
    });
});

describe("reading ahead", () => {
  test("has one chunk on its way while another is in work, and no more", async () => {
    const dataset = slow(40);
    const loader = new DataLoader(dataset, { batchSize: 2 });
    let done = 0;
    for await (const _ of loader.chunks(new Generator(0), 2)) {
      await setTimeout(30);
      done++;
      // One sample is read to know the shapes.
      expect(dataset.asked.length - 1).toBe(Math.min(40, 4 * (done + 1)));
    }
    expect(done).toBe(10);
  });

  test("a loop that is left ends what was begun", async () => {
    let open = 0;
    const dataset: IterableDataset = {
      async *iterate() {
        open++;
        try {
          for (let index = 0; ; index++) {
            await setTimeout(0);
            yield sampleOf(index);
          }
        } finally {
          open--;
        }
      },
    };
    for await (const _ of new DataLoader(dataset).chunks(new Generator(0), 2)) break;
    expect(open).toBe(0);
    await new DataLoader(dataset).peek(3);
    expect(open).toBe(0);
    const failing = async () => {
      for await (const _ of new DataLoader(dataset).chunks(new Generator(0), 2)) throw new Error("in the loop");
    };
    await expect(failing()).rejects.toThrow("in the loop");
    expect(open).toBe(0);
  });

  test("a failure comes in its turn, after what was read before", async () => {
    async function* source() {
      yield 1;
      yield 2;
      throw new Error("broken");
    }
    const seen: number[] = [];
    const read = async () => {
      for await (const item of ahead(source())) {
        await setTimeout(5);
        seen.push(item);
      }
    };
    await expect(read()).rejects.toThrow("broken");
    expect(seen).toEqual([1, 2]);
  });

  test("the first failing sample ends the reading", async () => {
    const asked: number[] = [];
    const dataset: Dataset = {
      length: 1000,
      async get(index) {
        asked.push(index);
        await setTimeout(1);
        if (index >= 10) throw new Error(`sample ${index} is broken`);
        return sampleOf(index);
      },
    };
    const read = async () => {
      for await (const _ of new DataLoader(dataset, { batchSize: 500, concurrency: 4 }).chunks(new Generator(0)));
    };
    await expect(read()).rejects.toThrow(/sample 1\d is broken/);
    expect(asked.length).toBeLessThan(20);
  });
});

test("a program trained from memory and from chunks ends with the same bits", async () => {
  const length = 23;
  const features = Float32Array.from({ length: 2 * length }, (_, index) => Math.sin(index));
  const targets = Float32Array.from({ length }, (_, index) => Math.cos(index));
  const whole = new TensorDataset(fromArray(features, [length, 2]), fromArray(targets, [length, 1]));
  const read: Dataset = {
    length,
    get: (index) => [
      fromArray(features.slice(2 * index, 2 * index + 2), [2]),
      fromArray(targets.slice(index, index + 1), [1]),
    ],
  };
  const train = async (dataset: Dataset, maxSteps: number) => {
    const linear = new Linear(2, 1).initialize(new Generator(0));
    const loader = new DataLoader(dataset, { batchSize: 4, shuffle: true });
    const program = await compileTraining({
      fields: (await loader.peek(3)).fields.map(({ shape, dtype }) => ({ shape, dtype })),
      parameters: linear.parameters(),
      optimizer: Adam(),
      batchSize: 4,
      step: ([x, y]: readonly Tensor[]) => {
        if (x === undefined || y === undefined) throw new Error("two fields are needed");
        return { loss: new MSELoss().forward(linear.forward(x), y) };
      },
    });
    let state = program.initialState;
    for (let epoch = 0; epoch < 3; epoch++) {
      for await (const chunk of loader.chunks(new Generator(epoch), maxSteps))
        ({ state } = await program.run(state, { ...chunk, lr: 0.01, generator: new Generator(0) }));
    }
    await expect(
      program.run(state, { rows: Int32Array.of(0, 1, 2, 3), batchSize: 4, lr: 0.01, generator: new Generator(0) }),
    ).rejects.toThrow(/compiled without samples: give the fields of the chunk/);
    const other = (await new DataLoader(inMemory(4)).peek()).fields;
    await expect(
      program.run(state, {
        rows: Int32Array.of(0, 1, 2, 3),
        batchSize: 4,
        lr: 0.01,
        generator: new Generator(0),
        fields: other,
      }),
    ).rejects.toThrow(/are float32 \[samples, 2\], int64 \[samples\]; the program was compiled for float32/);
    program.release();
    return state;
  };
  const expected = await train(whole, 1000);
  expect(await train(whole, 2)).toEqual(expected);
  expect(await train(read, 2)).toEqual(expected);
  expect(await train(read, 1000)).toEqual(expected);
});

describe("refused", () => {
  test("what an iterable data set cannot do", () => {
    expect(() => new DataLoader(counting(3), { shuffle: true })).toThrow(/cannot be shuffled; shuffle in its iterate/);
    expect(() => new DataLoader(counting(3)).length).toThrow(/has no length/);
    expect(() => new DataLoader(slow(3), { concurrency: 0 })).toThrow(/concurrency is 0/);
    expect(() => new DataLoader(counting(3)).length).toThrow(TensorError);
  });

  test.each<[string, Sample, RegExp]>([
    [
      "another shape",
      [tensor([1, 2, 3]), tensor(0, { dtype: "int64" })],
      /sample 2 .* float32 \[3\], int64 \[\]; other/,
    ],
    [
      "another type",
      [tensor([1, 2]), tensor(0)],
      /sample 2 .* float32 \[2\], float32 \[\]; other samples have .*int64/,
    ],
    ["fewer fields", [tensor([1, 2])], /sample 2 of the data set has the fields float32 \[2\]; other/],
  ])("a sample with %s", async (_, odd, message) => {
    const dataset: Dataset = { length: 4, get: (index) => (index === 2 ? odd : sampleOf(index)) };
    const iterable: IterableDataset = { iterate: () => [sampleOf(0), sampleOf(1), odd] };
    for (const source of [dataset, iterable]) {
      const read = async () => {
        for await (const _ of new DataLoader<Dataset | IterableDataset>(source).chunks(new Generator(0)));
      };
      await expect(read()).rejects.toThrow(message);
    }
  });
});
