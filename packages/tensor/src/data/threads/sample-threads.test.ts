/** Samples that other threads read: the same bits, errors that say where, and nothing left. */
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { fromArray } from "../../creation.ts";
import { Generator } from "../../random/generator.ts";
import { DataLoader, type DataLoaderOptions } from "../data-loader.ts";
import { type Dataset, randomSplit, TensorDataset } from "../dataset.ts";
import { type NumberedSamples, numberedSamples } from "./numbered-samples.ts";
import { SampleThreads } from "./sample-threads.ts";

const pools: SampleThreads[] = [];
afterEach(() => Promise.all(pools.splice(0).map((each) => each.close())));

function pool(numWorkers: number, prefetchFactor = 2): SampleThreads {
  const made = new SampleThreads({ numWorkers, prefetchFactor });
  pools.push(made);
  return made;
}

/** Batches of an epoch as plain numbers, whatever the pieces that they came in. */
async function batchesOf(loader: DataLoader<Dataset>, { seed = 0, maxSteps = 1000, skippedBatches = 0 } = {}) {
  const batches: number[][] = [];
  for await (const { fields, rows, batchSize } of loader.chunks(new Generator(seed), maxSteps, skippedBatches)) {
    const [field] = fields;
    for (let start = 0; start < rows.length; start += batchSize)
      batches.push(
        Array.from(rows.subarray(start, start + batchSize)).flatMap((row) =>
          Array.from(field?.data.subarray(3 * row, 3 * row + 3) ?? [], Number),
        ),
      );
  }
  return batches;
}

const workersNow = () => process.getActiveResourcesInfo().filter((each) => each === "MessagePort").length;

test("the batches have the same bits for any number of threads, from the middle of an epoch too", async () => {
  const threads = [pool(1), pool(3, 1)];
  const options = fc.record({
    batchSize: fc.integer({ min: 1, max: 9 }),
    shuffle: fc.boolean(),
    dropLast: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.nat(25),
      fc.boolean(),
      options,
      fc.integer({ min: 1, max: 5 }),
      fc.nat(),
      fc.nat(8),
      async (length, many, given, maxSteps, seed, skippedBatches) => {
        const [part] = randomSplit(numberedSamples({ length, many }), [1], { generator: new Generator(seed) });
        const whole = await batchesOf(new DataLoader(part, given), { seed });
        for (const each of threads) {
          const loader = new DataLoader(part, { ...given, threads: each });
          expect(await batchesOf(loader, { seed, maxSteps, skippedBatches })).toEqual(whole.slice(skippedBatches));
        }
      },
    ),
    { numRuns: 25 },
  );
});

test("iterating draws what it draws without threads, and a closed loader reads again", async () => {
  const loader = new DataLoader(numberedSamples({ length: 5 }), { batchSize: 2, numWorkers: 1 });
  const before = await batchesOf(loader);
  await loader.close();
  expect(await batchesOf(loader)).toEqual(before);
  await loader.close();
});

describe("what goes wrong names the sample", () => {
  const failing = (options: Omit<NumberedSamples, "length">, given: DataLoaderOptions) =>
    batchesOf(new DataLoader(numberedSamples({ length: 40, at: 21, ...options }), { batchSize: 2, ...given }));

  test.each([
    ["error", "sample 21 of the data set: no such star"],
    ["no file", "sample 21 of the data set: ENOENT: no such file or directory, open '/no/such/file'"],
  ] as const)("%s, with threads and without, read one by one and together", async (happens, message) => {
    const threads = pool(2);
    for (const many of [false, true]) {
      for (const given of [{}, { threads }]) {
        const failure = await failing({ happens, many }, given).catch((error: unknown) => error);
        expect(failure).toMatchObject({ name: "TensorError", code: "TENSOR_DATA", message });
        if (happens === "no file") expect(failure).toMatchObject({ cause: { code: "ENOENT", syscall: "open" } });
      }
    }
    // The threads are as good as before.
    expect((await batchesOf(new DataLoader(numberedSamples({ length: 4 }), { threads }))).length).toBe(4);
  });

  test("another shape", async () => {
    await expect(failing({ happens: "odd shape" }, { threads: pool(1) })).rejects.toThrow(
      /sample 21 of the data set has the fields float32 \[2\]/,
    );
  });

  test.each([
    ["exit", /^a thread that reads samples has ended with exit code 3, at sample 14 or one of the 15 after it$/],
    ["uncaught", /^a thread that reads samples failed: in nobody's hands, at sample 14 or one of the 15 after it$/],
  ] as const)("%s of a thread is an error, not a wait", async (happens, message) => {
    const threads = pool(1);
    await expect(failing({ happens }, { threads })).rejects.toMatchObject({
      code: "TENSOR_RUNTIME",
      message: expect.stringMatching(message),
    });
    // Others start.
    expect((await batchesOf(new DataLoader(numberedSamples({ length: 4 }), { threads }))).length).toBe(4);
  });

  test("a module that does not make it", async () => {
    const module = import.meta.resolve("./numbered-samples.ts");
    const lost = (origin: Dataset["origin"]) =>
      batchesOf(new DataLoader({ ...numberedSamples({ length: 3 }), origin }, { threads: pool(1) }));
    await expect(lost({ module: module.replace("numbered", "no"), name: "x", options: 0 })).rejects.toThrow(
      /Cannot find module .*no-samples/,
    );
    await expect(lost({ module, name: "numbredSamples", options: 0 })).rejects.toThrow(
      /numbered-samples.ts exports no function numbredSamples/,
    );
  });
});

describe("nothing outlives", () => {
  test("the close, nor a loop that is left", async () => {
    const before = workersNow();
    const loader = new DataLoader(numberedSamples({ length: 1000, slow: 1 }), { batchSize: 4, numWorkers: 2 });
    let seen = 0;
    for await (const _ of loader.chunks(new Generator(0), 1)) {
      if (++seen === 3) break;
    }
    await loader.close();
    expect(workersNow()).toBe(before);
  });

  test("no more is read ahead than prefetchFactor says", async () => {
    const threads = pool(2, 3);
    const asked: number[] = [];
    const read = threads.read.bind(threads);
    threads.read = (origin, request) => {
      asked.push(request.indices.length);
      return read(origin, request);
    };
    const loader = new DataLoader(numberedSamples({ length: 100 }), { batchSize: 2, threads });
    let done = 0;
    for await (const _ of loader.chunks(new Generator(0), 4)) {
      done++;
      expect(asked.length).toBeLessThanOrEqual(done + 6);
    }
    // The first comes soon, those after it have more batches.
    expect(asked).toEqual([2, 4, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 6]);
  });
});

describe("refused", () => {
  const samples = numberedSamples({ length: 3 });
  test.each<[Dataset, DataLoaderOptions, string]>([
    [samples, { numWorkers: -1 }, "numWorkers is -1; it must be a whole number, 0 or more"],
    [samples, { numWorkers: 1.5 }, "numWorkers is 1.5; it must be a whole number, 0 or more"],
    [samples, { prefetchFactor: 0 }, "prefetchFactor is 0; it must be a whole number, 1 or more"],
    [
      { ...samples, origin: undefined },
      { numWorkers: 2 },
      "DataLoader: numWorkers is 2, but the data set does not say how a thread makes it; give it an origin, or leave numWorkers out",
    ],
    [
      new TensorDataset(fromArray(new Float32Array(3), [3, 1])),
      { numWorkers: 2 },
      "DataLoader: numWorkers is 2, but the samples are in memory, where programs gather them themselves",
    ],
  ])("%#", (dataset, given, message) => {
    expect(() => new DataLoader(dataset, given)).toThrow(message);
  });

  test("options that are no plain values, each time", async () => {
    const threads = pool(1);
    const origin = { module: import.meta.url, name: "open", options: { path: "a.csv", filter: () => true } };
    for (let time = 0; time < 2; time++)
      await expect(batchesOf(new DataLoader({ ...samples, origin }, { threads }))).rejects.toThrow(
        /^the options of open in file:.* cannot be copied to a thread: .*=> true could not be cloned\.\. Give plain values/,
      );
  });

  test("an iterable data set", () => {
    expect(() => new DataLoader({ iterate: () => [] }, { numWorkers: 1 })).toThrow(
      "an iterable data set is read in the thread that trains, one after the other",
    );
  });
});
