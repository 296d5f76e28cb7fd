import { windowedOrder } from "@ml-mosaic/tensor";
import type { SourceMap } from "../maps/source-map.ts";
import { type FoundPatches, openFitsPatches } from "../patches/fits-patches.ts";
import { openPatchFile } from "../patches/h5-patches.ts";
import { bytesPerPatch } from "../patches/patch-file-layout.ts";
import type { PatchRules } from "../patches/patch-rules.ts";
import type { PatchSource } from "../patches/patch-source.ts";
import type { PatchDatasetOptions } from "./patch-dataset.ts";

/** Where patches come from: a file of them, or maps that they are cut from. */
export type SourceOptions =
  | { readonly path: string }
  | (PatchRules & { readonly maps: readonly SourceMap[]; readonly found?: FoundPatches | undefined });

export interface OpenSource {
  readonly source: PatchSource;
  /** A random order of some of its patches that reads little twice; undefined where they stay in memory anyway. */
  orderFor(indices: Int32Array): PatchDatasetOptions["shuffled"];
}

/** What of a source stays in memory, as it is read. Several trainings may run on one machine. */
export const cacheBytes = 512 * 2 ** 20;

/**
 * @throws BigsfError where a file is missing, broken, or does not fit the others
 */
export async function openSource(options: SourceOptions, cache = cacheBytes): Promise<OpenSource> {
  if ("path" in options) return storedPatches(await openPatchFile(options.path, { cacheBytes: cache }), cache);
  return cutPatches(await openFitsPatches({ ...options, cacheBytes: cache }), cache);
}

function storedPatches(source: PatchSource, cache: number): OpenSource {
  const { groupLength, patchSize, channels } = source;
  const regionBytes = groupLength * bytesPerPatch(patchSize, channels);
  return {
    source,
    orderFor(indices) {
      if (indices.length * bytesPerPatch(patchSize, channels) <= cache) return undefined;
      const regionOf = Int32Array.from(indices, (patch) => Math.floor(patch / groupLength));
      return windows(regionOf, cache / 2 / regionBytes);
    },
  };
}

/** Side of the squares of a map that are read together; what `openFitsPatches` keeps of a pixel. */
const regionSide = 256;
const pixelBytes = 13;
const channelBytes = 8;

function cutPatches(source: PatchSource, cache: number): OpenSource {
  const bytesPerPixel = pixelBytes + (source.channels - 1) * channelBytes;
  const pixels = source.maps.reduce((sum, { shape }) => sum + shape[0] * shape[1], 0);
  return {
    source,
    orderFor(indices) {
      if (pixels * bytesPerPixel <= cache) return undefined;
      const regionOf = regionsOf(source, indices);
      // Patches reach into neighbouring squares: of four times a window there is room for all.
      return windows(regionOf, cache / 4 / (regionSide ** 2 * bytesPerPixel));
    },
  };
}

/** In which square each of the patches begins; squares are numbered through all maps. */
function regionsOf({ maps, positions }: PatchSource, indices: Int32Array): Int32Array {
  const grids = maps.map(({ shape, stop }) => {
    const [rows, across] = shape.map((length) => Math.ceil(length / regionSide));
    return { across: across ?? 1, regions: (rows ?? 1) * (across ?? 1), stop };
  });
  const firsts = grids.map((_, map) => grids.slice(0, map).reduce((sum, { regions }) => sum + regions, 0));
  return Int32Array.from(indices, (patch) => {
    const map = grids.findIndex(({ stop }) => patch < stop);
    const [y = 0, x = 0] = [positions[2 * patch], positions[2 * patch + 1]];
    const [first = 0, across = 1] = [firsts[map], grids[map]?.across];
    return first + Math.floor(y / regionSide) * across + Math.floor(x / regionSide);
  });
}

function windows(regionOf: Int32Array, regions: number): PatchDatasetOptions["shuffled"] {
  const regionsPerWindow = Math.max(1, Math.floor(regions));
  return (generator) => windowedOrder({ regionOf, regionsPerWindow, generator });
}
