/** One suite for everything that gives patches, against numpy (fixtures/patches.py). */

import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { addCommentary, createFits, makeHeader, openFits } from "@ml-mosaic/fits";
import { expectNear, temporaryFolder } from "@ml-mosaic/testing";
import { describe, expect, test } from "vitest";
import { type MapPaths, openMaps } from "../maps/maps.ts";
import { writeSample } from "../sample/write-sample.ts";
import { openFitsPatches } from "./fits-patches.ts";
import { openPatchFile } from "./h5-patches.ts";
import { digestPatches } from "./patch-digest.ts";
import { isNormalization } from "./patch-file-layout.ts";
import type { PatchRules } from "./patch-rules.ts";
import type { PatchBuffers, PatchSource } from "./patch-source.ts";
import { planPatches } from "./plan-patches.ts";
import { writePatches } from "./write-patches.ts";

interface Case {
  readonly patch_size: number;
  readonly stride: number;
  readonly normalization: string;
  readonly candidates: number;
  readonly kept: number;
  readonly mixed: number;
  /** Of patches, spines, labelled. */
  readonly sums: readonly number[];
  readonly chosen: readonly number[];
  /** int32 and float32 in base64. */
  readonly positions: string;
  readonly patches: string;
  readonly spines: string;
  readonly labelled: string;
}

const fixtures = resolve(import.meta.dirname, "../../fixtures");
const crop = mapsIn(join(fixtures, "crop"), "fits.gz");
const cases: Readonly<Record<string, readonly Case[]>> = JSON.parse(
  readFileSync(join(fixtures, "patches.json"), "utf8"),
);
const folder = temporaryFolder();

function mapsIn(place: string, ending = "fits"): MapPaths {
  const path = (layer: string) => join(place, `${layer}.${ending}`);
  return { image: path("image"), target: path("target"), missing: path("missing"), background: path("background") };
}

/** Every way to get the patches of a map. */
const sources: Readonly<Record<string, (maps: MapPaths, rules: PatchRules) => Promise<PatchSource>>> = {
  "straight from FITS": (maps, rules) => openFitsPatches({ maps: [maps], ...rules }),
  // One tile or group at a time, so that each is forgotten and read again.
  "straight from FITS, without memory": (maps, rules) => openFitsPatches({ maps: [maps], ...rules, cacheBytes: 1 }),
  "patches.h5": async (paths, rules) => openPatchFile(await written(paths, rules, 4, undefined)),
  "patches.h5, not compressed, without memory": async (paths, rules) =>
    openPatchFile(await written(paths, rules, 0, 1), { cacheBytes: 1 }),
};

async function written(
  paths: MapPaths,
  rules: PatchRules,
  compression: number,
  sectionPixels: number | undefined,
): Promise<string> {
  const path = join(folder, "patches.h5");
  const maps = await openMaps(paths);
  const { kept: count, tally } = await planPatches(maps, rules);
  const digests = await maps.digests();
  const attributes = { ...rules, compression, digest: digestPatches([digests], rules) };
  const labelledShare = tally.labelled / tally.pixels;
  const map = { name: "map", maps, shape: maps.shape, sources: digests, labelledShare, count, rules };
  await writePatches({ maps: [map], path, attributes, sectionPixels });
  await maps.close();
  return path;
}

function buffers(count: number, patchSize: number): PatchBuffers {
  const length = count * patchSize * patchSize;
  return { patches: new Float32Array(length), spines: new Float32Array(length), labelled: new Float32Array(length) };
}

async function sumsOf(source: PatchSource): Promise<readonly number[]> {
  const sums = [0, 0, 0];
  const step = 500;
  for (let start = 0; start < source.length; start += step) {
    const indices = Int32Array.from({ length: Math.min(step, source.length - start) }, (_, i) => start + i);
    const read = buffers(indices.length, source.patchSize);
    await source.read(indices, read);
    for (const [i, layer] of [read.patches, read.spines, read.labelled].entries())
      for (const value of layer) sums[i] = (sums[i] ?? 0) + value;
  }
  return sums;
}

function rulesOf({ patch_size, stride, normalization }: Case): PatchRules {
  if (!isNormalization(normalization)) throw new Error(normalization);
  return { patchSize: patch_size, stride, normalization };
}

/** An attribute of HDF5 that is kept with its file's header has 64 KiB at most; this is more. */
const mapsWithLongHeader = (async (): Promise<MapPaths> => {
  const header = Array.from({ length: 2000 }, (_, i) => `step ${i}`).reduce(
    (made, line) => addCommentary(made, "HISTORY", line),
    makeHeader({ CTYPE1: "GLON-CAR", CTYPE2: "GLAT-CAR", CRVAL1: 30.25, OBJECT: "it's" }),
  );
  const place = join(folder, "long");
  const maps = mapsIn(place);
  mkdirSync(place);
  for (const path of Object.values(maps)) {
    await using writer = await createFits(path);
    await writer.image({ shape: [16, 16], data: new Float32Array(256).fill(1), header });
    await writer.close();
  }
  return maps;
})();

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, "base64"));
const floats = (text: string) => new Float32Array(bytesOf(text).buffer);
const integers = (text: string) => new Int32Array(bytesOf(text).buffer);

async function expectCase(source: PatchSource, expected: Case): Promise<void> {
  expect(source.length).toBe(expected.kept);
  expect(source.patchSize).toBe(expected.patch_size);
  const chosen = Int32Array.from(expected.chosen);
  const read = buffers(chosen.length, source.patchSize);
  await source.read(chosen, read);
  const positions = Array.from(chosen, (index) => [...source.positions.subarray(2 * index, 2 * index + 2)]).flat();
  expect(Int32Array.from(positions)).toEqual(integers(expected.positions));
  expect(read.spines).toEqual(floats(expected.spines));
  expect(read.labelled).toEqual(floats(expected.labelled));
  const patches = floats(expected.patches);
  // The logarithm of another library may differ in its last bit.
  if (expected.normalization !== "log") expect(read.patches).toEqual(patches);
  else expectNear(read.patches, patches, { absolute: 1e-6, relative: 1e-6 });
  expect((await source.mixedTargets()).reduce((sum, each) => sum + each, 0)).toBe(expected.mixed);
  expectNear(await sumsOf(source), expected.sums, { absolute: 1e-9, relative: 1e-9 });
}

describe.each(Object.keys(sources))("%s", (name) => {
  const open = sources[name] ?? expect.fail();
  test.each(cases.awkward ?? [])(
    "a map with NaN, negative, huge, constant and infinite pixels: P $patch_size, stride $stride, $normalization",
    async (expected) => {
      const source = await open(mapsIn(join(fixtures, "maps")), rulesOf(expected));
      const [map = expect.fail()] = source.maps;
      expect(map.shape).toEqual([45, 61]);
      const maps = await openMaps(mapsIn(join(fixtures, "maps")));
      const { valid, labelled } = await maps.section(0, 45, 0, 61);
      await maps.close();
      expect(await map.valid(3, 40)).toEqual(valid.subarray(3 * 61, 40 * 61));
      expect(new Set(valid).size).toBe(2);
      expect(map.labelledShare).toBeCloseTo(labelled.reduce((sum, each) => sum + each, 0) / labelled.length, 12);
      await expectCase(source, expected);
      await source.close();
    },
  );

  test("the same digest for the same maps and rules, another for others", async () => {
    const rules: PatchRules = { patchSize: 8, stride: 5, normalization: "log" };
    const digests = new Set<string>();
    for (const each of [rules, { ...rules }, { ...rules, stride: 6 }, { ...rules, patchSize: 9 }]) {
      const source = await open(mapsIn(join(fixtures, "maps")), each);
      digests.add(source.digest);
      await source.close();
    }
    const fits = await openFitsPatches({ maps: [mapsIn(join(fixtures, "maps"))], ...rules });
    expect(digests).toContain(fits.digest);
    expect(digests.size).toBe(3);
    await fits.close();
  });

  test("the header of the image, however long", async () => {
    const source = await open(await mapsWithLongHeader, { patchSize: 8, stride: 8, normalization: "minmax" });
    const image = await openFits((await mapsWithLongHeader).image);
    const [{ header } = expect.fail()] = source.maps;
    expect(header?.cards).toEqual(image.image().header.cards);
    expect(header?.cards.length).toBeGreaterThan(2000);
    expect(header).toMatchObject({
      cards: expect.arrayContaining([expect.objectContaining({ value: "GLON-CAR" })]),
    });
    await image.close();
    await source.close();
  });
});

test.each([
  { patchSize: 40, stride: 37, kept: 222 },
  { patchSize: 300, stride: 110, kept: 9 },
])(
  "patches of $patchSize pixels across the tiles of a large map are the same from FITS and from HDF5",
  async (rules) => {
    const maps = await writeSample({
      folder: join(folder, "large"),
      height: 530,
      width: 600,
      seed: 2,
      overwrite: true,
    });
    const all: PatchRules = { patchSize: rules.patchSize, stride: rules.stride, normalization: "minmax" };
    const cut = await openFitsPatches({ maps: [maps], ...all });
    const stored = await openPatchFile(await written(maps, all, 1, undefined));
    expect(cut.positions).toEqual(stored.positions);
    expect(cut.length).toBe(rules.kept);
    const indices = Int32Array.from({ length: cut.length }, (_, i) => i);
    const [fromMaps, fromFile] = [buffers(cut.length, all.patchSize), buffers(cut.length, all.patchSize)];
    await cut.read(indices, fromMaps);
    await stored.read(indices, fromFile);
    for (const layer of ["patches", "spines", "labelled"] as const) {
      const difference = fromMaps[layer].findIndex((value, i) => value !== fromFile[layer][i]);
      expect(difference).toBe(-1);
    }
    expect(await cut.mixedTargets()).toEqual(await stored.mixedTargets());
    await cut.close();
    await stored.close();
  },
);

describe("the filaments crop", () => {
  const names = ["straight from FITS", "patches.h5"];
  test.each(names.flatMap((name) => (cases.filaments ?? []).map((each) => ({ name, each }))))(
    "$name: P $each.patch_size, stride $each.stride, $each.normalization",
    async ({ name, each }) => {
      const source = await (sources[name] ?? expect.fail())(crop, rulesOf(each));
      await expectCase(source, each);
      await source.close();
    },
  );

  test("counts of expected.json", async () => {
    const expected: Readonly<Record<string, { candidates: number; kept: number }>> = JSON.parse(
      readFileSync(join(fixtures, "crop/expected.json"), "utf8"),
    );
    const maps = await openMaps(crop);
    expect(Object.keys(expected)).toHaveLength(3);
    for (const [name, { candidates, kept }] of Object.entries(expected)) {
      const patchSize = Number(/^P(\d+)_/.exec(name)?.[1]);
      const plan = await planPatches(maps, { patchSize, stride: 1, normalization: "minmax" });
      expect(plan).toMatchObject({ kept, grid: { candidates } });
      const { noSignal, noLabels, neither } = plan.dropped;
      expect(kept + noSignal + noLabels + neither).toBe(candidates);
    }
    await maps.close();
  });
});
