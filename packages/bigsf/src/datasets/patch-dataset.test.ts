import { configurable } from "@ml-mosaic/configurable";
import { DataLoader, Generator } from "@ml-mosaic/tensor";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openFitsPatches } from "../patches/fits-patches.ts";
import type { PatchSource } from "../patches/patch-source.ts";
import { tubedSkeleton } from "../skeleton/skeletonize.ts";
import { BaseAugmentation, type PatchLayers } from "./augmentations/base-augmentation.ts";
import "./augmentations/built-in.ts";
import { writeMaps } from "./map-examples.ts";
import { PatchDataset } from "./patch-dataset.ts";

const size = 4;
const width = 40;

let folder: string;
let source: PatchSource;

beforeAll(async () => {
  folder = temporaryFolder();
  const maps = await writeMaps(folder, {
    height: 30,
    width,
    // Not 0 or 1, as labels of filaments that are numbered.
    target: (_, x) => (x % 8 === 3 ? 7 : 0),
    background: (y, x) => (x % 8 !== 3 && y % 5 !== 0 ? 1 : 0),
  });
  source = await openFitsPatches({ maps: [maps], patchSize: size, stride: 2, normalization: "none" });
});
afterAll(async () => {
  await source.close();
});

const dataset = (given: Partial<ConstructorParameters<typeof PatchDataset>[0]> = {}) =>
  new PatchDataset({ source, indices: Int32Array.of(7, 100, 0, 33), ...given });

/** The pixels of a patch's layer, from what the map was made by. */
function pixels(patch: number, value: (y: number, x: number) => number): number[] {
  const [y0 = 0, x0 = 0] = source.positions.subarray(2 * patch, 2 * patch + 2);
  return Array.from({ length: size * size }, (_, place) => value(y0 + Math.floor(place / size), x0 + (place % size)));
}
const image = (y: number, x: number) => 1 + y * width + x;
const spine = (_: number, x: number) => (x % 8 === 3 ? 1 : 0);
const labelled = (y: number, x: number) => (x % 8 === 3 || y % 5 !== 0 ? 1 : 0);

test("a sample is patch and target, the target 0 or 1", async () => {
  const [patch, target, ...more] = await dataset().get(1, new Generator(0));
  expect(more).toEqual([]);
  expect(String(patch)).toBe("Tensor([1, 4, 4], float32)");
  expect(String(target)).toBe("Tensor([2, 4, 4], float32)");
  expect(Array.from((await patch?.data()) ?? [], Number)).toEqual(pixels(100, image));
  expect(Array.from((await target?.data()) ?? [], Number)).toEqual([...pixels(100, spine), ...pixels(100, labelled)]);
});

test("the third layer of a target is around the skeleton of what is known to be a filament, after augmentations", async () => {
  class Wide extends configurable({}, BaseAugmentation) {
    override apply({ spine: there }: PatchLayers): void {
      there.fill(1);
    }
  }
  const [, target] = await dataset({ skeletons: true, augmentations: [new Wide({ probability: 1 })] }).get(
    1,
    new Generator(0),
  );
  expect(target?.shape).toEqual([3, 4, 4]);
  const layers = Array.from((await target?.data()) ?? [], Number);
  const known = pixels(100, labelled);
  expect(layers.slice(16, 32)).toEqual(known);
  expect(known).toContain(0);
  expect(layers.slice(32)).toEqual(Array.from(tubedSkeleton(known, size)));
});

test("positions come between patch and target where they are asked for", async () => {
  const [, position, target] = await dataset({ encodePositions: true }).get(3, new Generator(0));
  const [y = 0, x = 0] = source.positions.subarray(66, 68);
  expect(await position?.toArray()).toEqual([
    [y, y + size],
    [x, x + size],
  ]);
  expect(target?.shape).toEqual([2, 4, 4]);
});

/** All samples of an epoch by their index, as one list of numbers each. */
async function epoch(data: PatchDataset, seed: number, options = {}, skippedBatches = 0) {
  const loader = new DataLoader(data, { batchSize: 3, ...options });
  const samples: number[][] = [];
  for await (const { fields, rows } of loader.chunks(new Generator(seed), 1, skippedBatches)) {
    for (const row of rows) {
      const parts = fields.map(({ data: values, shape }) => {
        const length = shape.slice(1).reduce((a, b) => a * b, 1);
        return Array.from(values.subarray(row * length, (row + 1) * length), Number);
      });
      samples.push(parts.flat());
    }
  }
  return samples;
}

const augmentations = [
  { type: "random_rotation" },
  { type: "random_horizontal_flip" },
  { type: "random_vertical_flip" },
].map((each) => BaseAugmentation.fromConfig(each));

describe("augmented", () => {
  const all = () => dataset({ indices: Int32Array.from({ length: 60 }, (_, patch) => 3 * patch), augmentations });

  test("patch, target and mask move together", async () => {
    let moved = 0;
    for (const [index, sample] of (await epoch(all(), 1)).entries()) {
      const [patch, spines, labels] = [0, 16, 32].map((start) => sample.slice(start, start + 16));
      expect(patch?.toSorted((a, b) => a - b)).toEqual(pixels(3 * index, image).toSorted((a, b) => a - b));
      // The image tells where in the map each pixel was.
      const places = patch?.map((value) => [Math.floor((value - 1) / width), (value - 1) % width]) ?? [];
      expect(spines).toEqual(places.map(([y = 0, x = 0]) => spine(y, x)));
      expect(labels).toEqual(places.map(([y = 0, x = 0]) => labelled(y, x)));
      if (String(patch) !== String(pixels(3 * index, image))) moved++;
    }
    // 1 in 8 of the moves of a square is none.
    expect(moved).toBeGreaterThan(40);
    expect(moved).toBeLessThan(60);
  });

  test("anew in each epoch, the same for the same seed, whatever batches and order", async () => {
    const first = await epoch(all(), 1);
    expect(await epoch(all(), 1, { batchSize: 7 })).toEqual(first);
    expect(await epoch(all(), 2)).not.toEqual(first);
    const sorted = (samples: number[][]) => samples.map(String).toSorted();
    const shuffled = await epoch(all(), 1, { shuffle: true });
    expect(shuffled).not.toEqual(first);
    expect(sorted(shuffled)).toEqual(sorted(first));
  });

  test("an epoch that goes on in its middle has the same samples", async () => {
    for (const options of [{}, { shuffle: true }]) {
      const whole = await epoch(all(), 5, options);
      expect(await epoch(all(), 5, options, 4)).toEqual(whole.slice(12));
    }
  });

  test("get gives what getMany gives", async () => {
    const data = all();
    const many = await epoch(data, 3);
    const one = await data.get(17, new Generator(3).stream("sample", 17));
    expect((await Promise.all(one.map((field) => field.data()))).flatMap((each) => Array.from(each, Number))).toEqual(
      many[17],
    );
  });
});

test("noise is in the patch alone", async () => {
  const plain = await epoch(dataset(), 0);
  const noisy = await epoch(dataset({ augmentations: [BaseAugmentation.fromConfig({ type: "noise" })] }), 0);
  for (const [index, sample] of noisy.entries()) {
    expect(sample.slice(16)).toEqual(plain[index]?.slice(16));
    expect(sample.slice(0, 16)).not.toEqual(plain[index]?.slice(0, 16));
  }
});
