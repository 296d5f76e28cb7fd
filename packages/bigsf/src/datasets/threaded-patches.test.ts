/** Patches that other threads cut, read and augment: the same bits, and errors that say where. */
import { copyFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { configurable, register } from "@ml-mosaic/configurable";
import { DataLoader, Generator, SampleThreads } from "@ml-mosaic/tensor";
import { temporaryFolder } from "@ml-mosaic/testing";
import type { DataLoaders } from "@ml-mosaic/training";
import { afterEach, beforeAll, expect, test } from "vitest";
import type { MapPaths } from "../maps/maps.ts";
import { openFitsPatches } from "../patches/fits-patches.ts";
import { preprocess } from "../patches/preprocess.ts";
import { BaseAugmentation, type PatchLayers } from "./augmentations/base-augmentation.ts";
import { writeMaps } from "./map-examples.ts";
import { PatchDataset } from "./patch-dataset.ts";
import { PatchesData } from "./patches-data.ts";
import { patchesOrigin } from "./threaded-patches.ts";

const folder = temporaryFolder();
const rules = { patchSize: 8, stride: 2, normalization: "minmax" } as const;
const augmentations = ["random_rotation", "random_horizontal_flip", "random_vertical_flip", "noise"].map((type) => ({
  type,
}));
let maps: MapPaths;
let open: PatchesData[] = [];

beforeAll(async () => {
  maps = await writeMaps(folder, { height: 48, width: 48 });
  const options = { folder, compression: 4, overwrite: true, allowLarge: false, configuration: "" };
  await preprocess({ maps: [maps], rules, ...options });
});
afterEach(async () => {
  await Promise.all(open.map((each) => each.close()));
  open = [];
});

function dataOf(options: object): PatchesData {
  const data = PatchesData.fromConfig({
    folds: { k: 3, k_train: 1, area_size: 16 },
    train: { data_augmentations: augmentations },
    ...options,
  });
  open.push(data);
  return data;
}

const loadersOf = (data: PatchesData) => data.loaders({ split: 0, batchSize: 4, generator: new Generator(0) });

/** All numbers of two epochs of every part, as they come. */
async function epochsOf(loaders: DataLoaders): Promise<readonly number[][]> {
  const batches: number[][] = [];
  for (const loader of [loaders.train, loaders.valid, loaders.test]) {
    for (const seed of [1, 2]) {
      for await (const { fields, rows, batchSize } of loader?.chunks(new Generator(seed), 3) ?? []) {
        expect(rows.length % batchSize).toBe(0);
        for (const row of rows)
          batches.push(
            fields.flatMap(({ data }) => {
              const size = data.length / rows.length;
              return Array.from(data.subarray(row * size, (row + 1) * size), Number);
            }),
          );
      }
    }
  }
  return batches;
}

test("from maps and from a file, with positions and skeletons too, the same bits for any number of threads", async () => {
  const positions = { train: { data_augmentations: augmentations, toEncode: ["positions"] } };
  for (const source of [
    { source: maps, patch_size: 8, stride: 2, skeletons: true },
    { path: join(folder, "patches.h5"), ...positions },
  ]) {
    const alone = await epochsOf(await loadersOf(dataOf({ ...source, num_workers: 0 })));
    expect(alone.length).toBeGreaterThan(100);
    for (const num_workers of [1, 2])
      expect(await epochsOf(await loadersOf(dataOf({ ...source, num_workers, prefetch_factor: 3 })))).toEqual(alone);
  }
});

test("a thread does not go through the maps again", async () => {
  const source = await openFitsPatches({ maps: [maps], ...rules });
  const again = await openFitsPatches({ maps: [maps], ...rules, found: structuredClone(source.found) });
  const read = async ({ read: readPatches, length }: typeof source) => {
    const room = () => new Float32Array(length * 64);
    const buffers = { patches: room(), spines: room(), labelled: room() };
    await readPatches(
      Int32Array.from({ length }, (_, patch) => patch),
      buffers,
    );
    return buffers;
  };
  expect(await read(again)).toEqual(await read(source));
  expect([again.digest, again.positions, again.maps.length]).toEqual([source.digest, source.positions, 1]);
  // What is found is believed: of other findings come other patches.
  const [found] = source.found?.maps ?? [];
  if (source.found === undefined || found === undefined) expect.fail();
  const first = { ...found, positions: found.positions.slice(0, 2), mixed: found.mixed.slice(0, 1) };
  const one = await openFitsPatches({ maps: [maps], ...rules, found: { ...source.found, maps: [first] } });
  expect(one.length).toBe(1);
  for (const each of [source, again, one]) await each.close();
});

test("an augmentation that the program itself registers is done in its thread", async () => {
  class Halving extends configurable({}, BaseAugmentation) {
    static override readonly aliases = ["test_halving"];
    override apply({ patch }: PatchLayers): void {
      for (const [pixel, value] of patch.entries()) patch[pixel] = value / 2;
    }
  }
  register(Halving);
  const [, program = ""] = process.argv;
  try {
    process.argv[1] = import.meta.filename;
    const options = { source: maps, patch_size: 8, train: { data_augmentations: [{ type: "test_halving" }] } };
    const halved = await epochsOf(await loadersOf(dataOf(options)));
    expect(halved).toEqual(await epochsOf(await loadersOf(dataOf({ ...options, num_workers: 0 }))));
  } finally {
    process.argv[1] = program;
  }
});

test("a file that ends early is named with the sample, in a thread as without", async () => {
  const image = join(folder, "short.fits");
  await copyFile(maps.image, image);
  const short = { ...maps, image };
  const source = await openFitsPatches({ maps: [short], ...rules });
  const indices = Int32Array.from({ length: source.length }, (_, patch) => patch);
  const origin = patchesOrigin({ options: { maps: [short], ...rules }, source, indices });
  await truncate(image, 2880);
  const threads = new SampleThreads({ numWorkers: 1 });
  for (const each of [{}, { threads }]) {
    const loader = new DataLoader(new PatchDataset({ source, indices, origin }), { batchSize: 4, ...each });
    const failure = await epochsOf({ train: loader, valid: loader }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: expect.stringMatching(/^sample 0 of the data set: .*short\.fits/) });
  }
  await threads.close();
  await source.close();
});
