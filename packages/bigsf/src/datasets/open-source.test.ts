import { join } from "node:path";
import { Generator } from "@ml-mosaic/tensor";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, expect, test } from "vitest";
import type { MapPaths } from "../maps/maps.ts";
import { preprocess } from "../patches/preprocess.ts";
import { writeMaps } from "./map-examples.ts";
import { type OpenSource, openSource, type SourceOptions } from "./open-source.ts";

let folder: string;
let maps: MapPaths;
const rules = { patchSize: 16, stride: 8, normalization: "minmax" } as const;
beforeAll(async () => {
  folder = temporaryFolder();
  maps = await writeMaps(folder, { height: 600, width: 900 });
  await preprocess({
    maps: [maps],
    rules,
    folder,
    compression: 1,
    overwrite: true,
    allowLarge: false,
    configuration: "",
  });
});

/** How many of `span` samples one after the other lie in different places, at most, anywhere in a shuffled epoch. */
function mostPlaces({ source, orderFor }: OpenSource, span: number, placeOf: (patch: number) => number): number {
  const indices = Int32Array.from({ length: source.length }, (_, patch) => patch);
  const order = orderFor(indices)?.(new Generator(0)) ?? Int32Array.of();
  expect(Array.from(order).toSorted((a, b) => a - b)).toEqual(Array.from(indices));
  let most = 0;
  for (let start = 0; start < order.length; start += span) {
    const places = new Set(Array.from(order.subarray(start, start + span), (sample) => placeOf(indices[sample] ?? 0)));
    most = Math.max(most, places.size);
  }
  return most;
}

test.each<[string, () => SourceOptions]>([
  ["patches.h5", () => ({ path: join(folder, "patches.h5") })],
  ["maps", () => ({ maps: [maps], ...rules })],
])("%s: any order is taken where all stays in memory", async (_, options) => {
  const { source, orderFor } = await openSource(options());
  expect(orderFor(Int32Array.of(0, 1, 2))).toBeUndefined();
  await source.close();
});

test("of a file, few of the groups that are stored together are open at a time", async () => {
  const open = await openSource({ path: join(folder, "patches.h5") }, 2 ** 20);
  const { source } = open;
  // A group is 64 KiB of each of three layers: half of 1 MiB has room for two.
  const window = 2 * source.groupLength;
  expect(source.length).toBeGreaterThan(5 * window);
  const groups = mostPlaces(open, window, (patch) => Math.floor(patch / source.groupLength));
  // Those of a window, or of the end of one and the next.
  expect(groups).toBeLessThanOrEqual(4);
  await source.close();
});

test("of maps, few of their squares are open at a time", async () => {
  const open = await openSource({ maps: [maps], ...rules }, 4 * 2 ** 20);
  const { source } = open;
  const square = (patch: number) =>
    4 * Math.floor((source.positions[2 * patch] ?? 0) / 256) + Math.floor((source.positions[2 * patch + 1] ?? 0) / 256);
  // A quarter of 4 MiB has room for one square of 12; 200 samples lie in one, or in the end of one and the next.
  expect(mostPlaces(open, 200, square)).toBeLessThanOrEqual(3);
  await source.close();
});
