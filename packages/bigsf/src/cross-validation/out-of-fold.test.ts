/** Against sums over the whole map at once. */
import { join } from "node:path";
import { openFits } from "@ml-mosaic/fits";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { type MapExample, writeMaps } from "../datasets/map-examples.ts";
import { PatchesData } from "../datasets/patches-data.ts";
import type { MapPaths } from "../maps/maps.ts";
import { Preprocessing } from "../patches/preprocessing.ts";
import type { PatchPredictor } from "../segmentation/patch-predictor.ts";
import { type FoldModel, outOfFoldRows } from "./out-of-fold.ts";
import { PixelTally } from "./pixel-scores.ts";
import { writeOutOfFold } from "./write-out-of-fold.ts";

const folder = temporaryFolder();

/** Another value for every pixel of every patch and every split. */
function madeUp(split: number, y0: number, x0: number, y: number, x: number): number {
  return (((split + 1) * 7919 + y0 * 104_729 + x0 * 1299 + y * 31 + x * 17) % 1009) / 1009;
}

function model(split: number, calls: number[]): FoldModel {
  const predictor: PatchPredictor = {
    async predict({ positions, count }) {
      calls.push(count);
      const size = (positions[1] ?? 0) - (positions[0] ?? 0);
      return Float32Array.from({ length: count * size * size }, (_, at) => {
        const place = Math.floor(at / size ** 2);
        const [y0 = 0, , x0 = 0] = positions.subarray(4 * place);
        return madeUp(split, y0, x0, Math.floor((at % size ** 2) / size), at % size);
      });
    },
    release: () => undefined,
  };
  return { split, predictor };
}

interface Whole {
  readonly probability: Float32Array;
  readonly truth: Uint8Array;
  readonly labelled: Uint8Array;
}

/** From the maps as they were made, whose pixels are labelled where a patch lies and they are not missing. */
async function bruteForce(data: PatchesData, splits: readonly number[], example: MapExample): Promise<Whole> {
  const { source } = await data.open();
  const { height, width } = example;
  const [sums, counts] = [new Float64Array(height * width), new Float64Array(height * width)];
  for (const split of splits) {
    const { indices } = await data.patches(split, "test");
    for (const index of indices) {
      const [y0 = 0, x0 = 0] = source.positions.subarray(2 * index);
      for (let y = 0; y < source.patchSize; y++)
        for (let x = 0; x < source.patchSize; x++) {
          const at = (y0 + y) * width + x0 + x;
          sums[at] = (sums[at] ?? 0) + Math.fround(madeUp(split, y0, x0, y, x));
          counts[at] = (counts[at] ?? 0) + 1;
        }
    }
  }
  const isFilament = (at: number) => example.target?.(Math.floor(at / width), at % width) === 1;
  const isKnown = (at: number) =>
    counts[at] !== 0 &&
    example.missing?.(Math.floor(at / width), at % width) !== 0 &&
    (isFilament(at) || example.background?.(Math.floor(at / width), at % width) === 1);
  const hasData = (at: number) =>
    counts[at] !== 0 &&
    example.missing?.(Math.floor(at / width), at % width) !== 0 &&
    Number.isFinite(example.image?.(Math.floor(at / width), at % width));
  return {
    probability: Float32Array.from(sums, (sum, at) => (hasData(at) ? sum / (counts[at] ?? 0) : Number.NaN)),
    truth: Uint8Array.from(sums, (_, at) => (isKnown(at) && isFilament(at) ? 1 : 0)),
    labelled: Uint8Array.from(sums, (_, at) => (isKnown(at) ? 1 : 0)),
  };
}

/** 61 x 50 pixels: rows 20 to 39 have no signal in the left half, and none at all from 24 to 35; the first are empty. */
const example: Required<MapExample> = {
  height: 61,
  width: 50,
  image: (y, x) =>
    y < 3 || (y >= 24 && y < 36) || (y >= 20 && y < 40 && x < 25)
      ? 0
      : y % 13 === 5 && x % 3 === 0
        ? Number.NaN
        : 1 + y + x,
  target: (y, x) => ((x + y) % 11 === 4 ? 1 : 0),
  missing: (y, x) => ((x * y) % 7 === 3 ? 0 : 1),
  background: (y, x) => ((x + y) % 11 !== 4 && x % 5 !== 0 ? 1 : 0),
};

let maps: MapPaths;
beforeAll(async () => {
  maps = await writeMaps(folder, example);
});

async function joined(data: PatchesData, models: readonly FoldModel[], batchSize: number) {
  const { height, width } = example;
  const whole: Whole = {
    probability: new Float32Array(height * width).fill(-1),
    truth: new Uint8Array(height * width).fill(9),
    labelled: new Uint8Array(height * width).fill(9),
  };
  let next = 0;
  const told: number[] = [];
  const onPatches = (count: number) => void told.push(count);
  const [map = expect.fail()] = (await data.open()).source.maps;
  for await (const rows of outOfFoldRows({ data, map, models, batchSize, onPatches })) {
    // Every row once, in order.
    expect(rows.firstRow).toBe(next);
    expect(rows.probability.length).toBe(rows.rowCount * width);
    whole.probability.set(rows.probability, next * width);
    whole.truth.set(rows.truth, next * width);
    whole.labelled.set(rows.labelled, next * width);
    next += rows.rowCount;
  }
  expect(next).toBe(height);
  return { whole, told };
}

describe.each([
  { name: "patches side by side", patch_size: 10, stride: 10, folds: { k: 3, k_train: 1, area_size: 10 } },
  { name: "patches over each other", patch_size: 8, stride: 3, folds: { k: 5, k_train: 0.6, area_size: 16 } },
  { name: "areas over each other", patch_size: 8, stride: 1, folds: { k: 3, k_train: 0.4, area_size: 16, overlap: 6 } },
  {
    name: "a patch wider than what is left",
    patch_size: 12,
    stride: 7,
    folds: { k: 3, k_train: 1, area_size: 25, overlap: 11 },
  },
])("$name", ({ patch_size, stride, folds }) => {
  test.each([1, 4, 1000])("in batches of %i", async (batchSize) => {
    const data = PatchesData.fromConfig({
      source: { ...maps },
      patch_size,
      stride,
      folds: { ...folds, save_indices: false },
    });
    const splits = Array.from({ length: data.splitCount() }, (_, split) => split);
    const calls: number[] = [];
    const expected = await bruteForce(data, splits, example);
    const { whole, told } = await joined(
      data,
      splits.map((split) => model(split, calls)),
      batchSize,
    );
    expect(whole).toEqual(expected);
    // The example has what is to be tested: pixels without any patch, rows of them, and known and unknown ones.
    const untold = expected.probability.filter(Number.isNaN).length;
    expect(untold).toBeGreaterThan(0);
    expect(untold).toBeLessThan(expected.probability.length);
    const total = (await Promise.all(splits.map((split) => data.patches(split, "test")))).reduce(
      (sum, { indices }) => sum + indices.length,
      0,
    );
    expect(calls.reduce((sum, count) => sum + count, 0)).toBe(total);
    expect(Math.max(...calls)).toBeLessThanOrEqual(batchSize);
    expect(told.reduce((sum, count) => sum + count, 0)).toBe(total);
    await data.close();
  });
});

test("models of some splits only; nothing to predict at all; stopped", async () => {
  const data = PatchesData.fromConfig({
    source: { ...maps },
    patch_size: 8,
    stride: 4,
    folds: { k: 3, k_train: 1, area_size: 16, save_indices: false },
  });
  const { whole } = await joined(data, [model(2, [])], 4);
  expect(whole).toEqual(await bruteForce(data, [2], example));
  const { whole: none, told } = await joined(data, [], 4);
  expect(none.probability.every(Number.isNaN)).toBe(true);
  expect([Math.max(...none.truth), Math.max(...none.labelled), told]).toEqual([0, 0, []]);
  const [map = expect.fail()] = (await data.open()).source.maps;
  const rows = outOfFoldRows({
    data,
    map,
    models: [model(0, [])],
    batchSize: 4,
    signal: AbortSignal.abort(new Error("enough")),
  });
  await expect(Array.fromAsync(rows)).rejects.toThrow("enough");
  await data.close();
});

test.each(["maps", "a file of patches"])(
  "a map that was filled up so that a patch fits in has its own size, from %s",
  async (from) => {
    const small: MapExample = { height: 6, width: 5 };
    const maps = [
      { ...(await writeMaps(temporaryFolder(), example)), name: "large" },
      { ...(await writeMaps(temporaryFolder(), { height: 16, width: 24 })), name: "middle" },
      { ...(await writeMaps(temporaryFolder(), small)), name: "small" },
    ];
    const cut = { patch_size: 8, stride: 8 };
    const output = temporaryFolder();
    if (from !== "maps") await Preprocessing.fromConfig({ maps, output, ...cut }).run();
    const data = PatchesData.fromConfig({
      ...(from === "maps" ? { source: maps, ...cut } : { path: join(output, "patches.h5") }),
      folds: { k: 3, k_train: 1, by: "map", save_indices: false },
    });
    const [, , map = expect.fail()] = (await data.open()).source.maps;
    expect(map).toMatchObject({ shape: [8, 8], inside: [6, 5] });
    const models = [0, 1, 2].map((split) => model(split, []));
    const all = await Array.fromAsync(outOfFoldRows({ data, map, models, batchSize: 4 }));
    expect(all.map(({ firstRow, rowCount, probability }) => [firstRow, rowCount, probability.length])).toEqual([
      [0, 6, 30],
    ]);
    expect(all[0]?.probability.some(Number.isNaN)).toBe(false);
    const fits = join(temporaryFolder(), "out_of_fold.fits");
    const { scores } = await writeOutOfFold(fits, new PixelTally(), { data, map, models, batchSize: 4 });
    expect(scores.pixels).toBe(30);
    await using written = await openFits(fits);
    expect(written.image().shape).toEqual([6, 5]);
    await data.close();
  },
);
