import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { resolvedConfig } from "@ml-mosaic/configurable";
import { Generator } from "@ml-mosaic/tensor";
import { temporaryFolder } from "@ml-mosaic/testing";
import { BaseData } from "@ml-mosaic/training";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { MapPaths } from "../maps/maps.ts";
import { openMaps } from "../maps/maps.ts";
import { openFitsPatches } from "../patches/fits-patches.ts";
import { digestPatches } from "../patches/patch-digest.ts";
import { writePatches } from "../patches/write-patches.ts";
import { writeMaps } from "./map-examples.ts";
import { PatchesData } from "./patches-data.ts";

let folder: string;
let maps: MapPaths;
let file: string;
const rules = { patchSize: 8, stride: 2, normalization: "minmax" } as const;

beforeAll(async () => {
  folder = temporaryFolder();
  maps = await writeMaps(folder, { height: 90, width: 70 });
  file = join(folder, "patches.h5");
  const open = await openMaps(maps);
  const sources = await open.digests();
  const cut = await openFitsPatches({ maps: [maps], ...rules });
  const attributes = { ...rules, compression: 1, digest: digestPatches([sources], rules) };
  const written = { name: "image", maps: open, shape: open.shape, sources, count: cut.length, rules };
  await writePatches({ maps: [written], path: file, attributes });
  await cut.close();
  await open.close();
});

const opened: PatchesData[] = [];
afterEach(async () => {
  for (const data of opened.splice(0)) await data.close();
});

const folds = { k: 4, k_train: 2, area_size: 16 };

/** From maps, unless it says otherwise. */
function dataFrom(config: object = {}): PatchesData {
  const data = PatchesData.fromConfig({ source: maps, patch_size: 8, stride: 2, folds, ...config });
  opened.push(data);
  return data;
}
const fromFile = { source: null, patch_size: null, stride: null };

const loadersOf = (data: PatchesData, split = 0) => data.loaders({ split, batchSize: 16, generator: new Generator(0) });

/** Every value of an epoch, sample by sample, as text. */
async function samplesOf(loader: Awaited<ReturnType<typeof loadersOf>>["train"], seed = 0): Promise<string[]> {
  const samples: string[] = [];
  for await (const { fields, rows } of loader.chunks(new Generator(seed))) {
    for (const row of rows) {
      const values = fields.map(({ data, shape }) => {
        const length = shape.slice(1).reduce((a, b) => a * b, 1);
        return String(data.subarray(row * length, (row + 1) * length));
      });
      samples.push(values.join("|"));
    }
  }
  return samples;
}

test("is the data called patches, which need not say so where it is meant", () => {
  const config = { type: "patches", source: maps };
  expect(BaseData.fromConfig(config)).toBeInstanceOf(PatchesData);
  expect(dataFrom().splitCount()).toBe(2);
  expect(dataFrom({ folds: { k: 5, k_train: 0.6 } }).splitCount()).toBe(5);
  expect(dataFrom({ folds: { k: 1 } }).splitCount()).toBe(1);
});

test("the parts of a split have every assigned patch once, in loaders of their sizes", async () => {
  const data = dataFrom();
  const { source, assignment } = await data.open();
  const { train, valid, test: tested } = await loadersOf(data, 1);
  const indices = await Promise.all((["train", "valid", "test"] as const).map((part) => data.patches(1, part)));
  expect(indices.map((each) => each.indices.length)).toEqual(
    [train, valid, tested].map((each) =>
      each?.dataset !== undefined && "length" in each.dataset ? each.dataset.length : 0,
    ),
  );
  const all = indices.flatMap((each) => Array.from(each.indices)).toSorted((a, b) => a - b);
  expect(all).toEqual(Array.from(assignment.areaOf.keys()).filter((patch) => (assignment.areaOf[patch] ?? -1) >= 0));
  for (const { indices: patches, positions } of indices)
    expect(Array.from(positions)).toEqual(
      Array.from(patches).flatMap((patch) => Array.from(source.positions.subarray(2 * patch, 2 * patch + 2))),
    );
  expect([train.shuffle, valid.shuffle, tested?.shuffle]).toEqual([true, false, false]);
  expect([train, valid, tested].map((each) => each?.batchSize)).toEqual([16, 16, 16]);
});

test("a file of patches and the maps give the same samples in the same order", async () => {
  const [cut, stored] = [dataFrom(), dataFrom({ ...fromFile, path: file })];
  for (const part of ["train", "valid", "test"] as const) {
    const [a, b] = [(await loadersOf(cut))[part], (await loadersOf(stored))[part]];
    if (a === undefined || b === undefined) return expect.fail(part);
    const samples = await samplesOf(a);
    expect(samples.length).toBeGreaterThan(50);
    expect(await samplesOf(b)).toEqual(samples);
  }
});

test("test loaders give samples in the order of their patches, for maps of predictions", async () => {
  const data = dataFrom({ train: { toEncode: ["positions"] } });
  const { test: loader } = await loadersOf(data);
  const { positions } = await data.patches(0, "test");
  const told: number[] = [];
  for await (const { fields, rows } of loader?.chunks(new Generator(0)) ?? [])
    for (const row of rows) told.push(...[0, 2].map((at) => Number(fields[1]?.data[4 * row + at])));
  expect(told).toEqual(Array.from(positions));
});

test("all splits of a share together test every assigned patch", async () => {
  const data = dataFrom({ folds: { k: 4, k_train: 0.5, area_size: 16 } });
  const { assignment } = await data.open();
  const tested = new Set<number>();
  for (let split = 0; split < data.splitCount(); split++)
    for (const patch of (await data.patches(split, "test")).indices) tested.add(patch);
  expect(tested.size).toBe(assignment.areaOf.filter((area) => area >= 0).length);
});

test("stride takes the patches on a coarser grid, for a part or for all", async () => {
  const lengths = async (config: object) => {
    const data = dataFrom(config);
    const found = await Promise.all((["train", "valid", "test"] as const).map((part) => data.patches(0, part)));
    for (const { positions } of found.slice(0, 1)) for (const at of positions) expect(at % 4).toBe(0);
    return found.map(({ indices }) => indices.length);
  };
  const [train = 0, valid = 0, tested = 0] = await Promise.all(
    (["train", "valid", "test"] as const).map(async (part) => (await dataFrom().patches(0, part)).indices.length),
  );
  const [thinned = 0, ...others] = await lengths({ train: { stride: 4 } });
  expect(others).toEqual([valid, tested]);
  // 16 areas of 9 positions instead of 25, of those that are whole.
  expect(thinned / train).toBeCloseTo(9 / 25, 1);
  expect(await lengths({ ...fromFile, path: file, stride: 4 })).toEqual(await lengths({ stride: 4 }));
});

test("use_all_patches: false leaves out of training what has one value", async () => {
  const [all, mixed] = [dataFrom(), dataFrom({ train: { use_all_patches: false } })];
  const [before, after] = [await all.patches(0, "train"), await mixed.patches(0, "train")];
  expect(after.indices.length).toBeLessThan(before.indices.length);
  // A filament in every 16th column, from the 5th on: patches that begin at its column or up to 7 before it.
  const expected = Array.from(before.indices).filter((_, place) => {
    const x = before.positions[2 * place + 1] ?? 0;
    return Array.from({ length: 8 }, (_each, column) => (x + column) % 16).includes(5);
  });
  expect(Array.from(after.indices)).toEqual(expected);
  expect((await mixed.patches(0, "test")).indices).toEqual((await all.patches(0, "test")).indices);
});

test("training samples are augmented, anew in each epoch; the others are as they are", async () => {
  const plain = await loadersOf(dataFrom());
  const augmented = await loadersOf(
    dataFrom({ train: { data_augmentations: [{ type: "random_rotation" }, { type: "noise" }] } }),
  );
  expect(await samplesOf(augmented.valid)).toEqual(await samplesOf(plain.valid));
  const first = await samplesOf(augmented.train, 1);
  expect(first).toHaveLength((await samplesOf(plain.train, 1)).length);
  expect(first).not.toEqual(await samplesOf(plain.train, 1));
  expect(await samplesOf(augmented.train, 1)).toEqual(first);
  expect(await samplesOf(augmented.train, 2)).not.toEqual(first);
});

test("assignments are kept in indices_path", async () => {
  const indices = join(folder, "indices");
  await await dataFrom({ folds: { ...folds, indices_path: indices } }).open();
  expect(await readdir(indices)).toHaveLength(1);
  const [name = ""] = await readdir(indices);
  await writeFile(join(indices, name), "broken");
  const { notices } = await dataFrom({ folds: { ...folds, indices_path: indices } }).open();
  expect(notices).toEqual([
    expect.stringMatching(/assigned anew/),
    expect.stringMatching(/patches \(.* %\) are dropped/),
  ]);
});

test("the resolved configuration makes the same data again", async () => {
  const data = dataFrom({ train: { data_augmentations: [{ type: "noise", sigma: 0.1 }], toEncode: ["positions"] } });
  const config = resolvedConfig(data);
  const again = BaseData.fromConfig(config);
  expect(resolvedConfig(again)).toEqual(config);
  if (!(again instanceof PatchesData)) return expect.fail();
  opened.push(again);
  expect(await samplesOf((await loadersOf(again)).train)).toEqual(await samplesOf((await loadersOf(data)).train));
});

describe("refused before time is spent", () => {
  const refusal = (config: object) => {
    try {
      PatchesData.fromConfig(config);
    } catch (error) {
      return error instanceof Error ? error.message : "";
    }
    return "";
  };

  test("options that do not go together, all at once", () => {
    expect(refusal({})).toBe(
      "expected path, a file that bigsf preprocess writes, or source, the maps to cut patches from",
    );
    const text = refusal({
      path: file,
      source: { ...maps, image: `${maps.image}[0]` },
      normalization: "log",
      patch_size: 8,
      stride: 2,
      folds: { patch_size: 16 },
      train: { stride: 3 },
      valid: { data_augmentations: [{ type: "noise" }], toEncode: ["positions"] },
      test: { use_all_patches: false },
    });
    expect(text.split("\n  ")).toEqual([
      "7 problems:",
      "has both path and source; leave one of them out",
      "normalization: the patches in a file are normalised already; leave it out, or set it in bigsf preprocess",
      "train: stride 3 is no multiple of the data's, 2",
      "valid: data_augmentations are for train: evaluation takes samples as they are",
      "valid: toEncode differs from train's, but the model is the same; leave it out",
      "test: use_all_patches: false is for train: evaluation takes every patch",
      "folds: patch_size is 16, but patches have 8; leave it out",
    ]);
  });

  test("missing files, with all else that is wrong with single options", () => {
    const text = refusal({
      path: join(folder, "none.h5"),
      source: { ...maps, target: join(folder, "none.fits"), image: join(folder, "none.fits[0]") },
      stride: 0,
    });
    expect(text.replaceAll(folder, "DIR").split("\n  ")).toEqual([
      "4 problems:",
      "path: there is no file DIR/none.h5; bigsf preprocess -c makes one",
      "source.image: there is no file DIR/none.fits[0]",
      "source.target: there is no file DIR/none.fits",
      "stride: expected an integer of at least 1, got 0",
    ]);
  });

  test.each<[object, RegExp]>([
    [
      { folds: { area_size: 7 } },
      /^folds: area_size: no patch of 8 x 8 pixels fits into an area of 7 x 7; set it to 8 or/,
    ],
    [{ folds: { k: 2 } }, /^folds\.k: 2 folds are too few/],
    [{ folds: { kfold: 2 } }, /^folds\.kfold: unknown option/],
    [{ patch_size: 0 }, /^patch_size: expected an integer of at least 1, got 0/],
    [{ train: { data_augmentations: [{ type: "rotate" }] } }, /^train\.data_augmentations\[0\]\.type: expected one of/],
    [{ train: { toEncode: ["places"] } }, /^train\.toEncode\[0\]: expected "positions"/],
    [{ normalization: "max" }, /^normalization: expected one of "minmax", "log", "none"/],
  ])("%j", (config, message) => {
    expect(refusal({ source: maps, patch_size: 8, ...config })).toMatch(message);
  });

  const open = async (config: object) => loadersOf(dataFrom(config));

  test("a file that does not go with the options", async () => {
    await expect(open({ ...fromFile, path: file, patch_size: 16 })).rejects.toThrow(
      `patch_size is 16, but ${file} has patches of 8`,
    );
    await expect(open({ ...fromFile, path: file, folds: { ...folds, patch_size: 16 } })).rejects.toThrow(
      "folds.patch_size is 16, but",
    );
    await expect(open({ ...fromFile, path: file, folds: { area_size: 4, k: 3, k_train: 1 } })).rejects.toThrow(
      "folds.area_size: no patch of 8 x 8 pixels fits into an area of 4 x 4",
    );
  });

  test("fewer areas than folds", async () => {
    await expect(open({ folds: { k: 1, area_size: 40 } })).rejects.toThrow(
      /only 6 areas of 40 x 40 .*What works: area_size \d+/,
    );
  });

  test("a part that nothing is left of", async () => {
    await expect(open({ test: { stride: 200 } })).rejects.toThrow(
      /image\.fits: the test set of split 1 \(fold 4\) has no patch left by stride 200\. Other folds may do: .*bigsf folds -c/,
    );
  });

  test("parts without a filament", async () => {
    const where = join(folder, "left");
    await mkdir(where);
    // Filaments lie in the first two columns of areas only.
    const source = await writeMaps(where, {
      height: 64,
      width: 64,
      target: (_, x) => (x % 16 === 5 && x < 30 ? 1 : 0),
    });
    await expect(open({ source })).rejects.toThrow(
      /none of the 100 patches in the valid set of split 1 \(fold 3\) has a labelled filament.*; none of the 100 patches in the test set of split 1 \(fold 4\)/,
    );
    await expect(open({ source, train: { use_all_patches: false } })).rejects.toThrow(/valid set of split 1/);
  });

  test("a split that is not there", async () => {
    await expect(loadersOf(dataFrom(), 2)).rejects.toThrow("there is no split 2; the 2 splits count from 0");
  });
});
