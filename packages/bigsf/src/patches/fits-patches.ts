import { type MapPaths, type MapSection, type Maps, openMaps, type PixelBlock } from "../maps/maps.ts";
import type { CoordinateCheck } from "../maps/same-pixels.ts";
import { LruCache } from "./lru-cache.ts";
import { digestPatches } from "./patch-digest.ts";
import { type PatchGrid, patchGrid } from "./patch-grid.ts";
import { cutPatch, HAS_MIXED_TARGET, isKept, type PatchRules } from "./patch-rules.ts";
import type { PatchBuffers, PatchSource } from "./patch-source.ts";
import { scanPatches } from "./scan-patches.ts";

export interface FitsPatchesOptions extends PatchRules {
  readonly maps: MapPaths;
  readonly coordinates?: CoordinateCheck;
  /** Most bytes of the maps that are kept in memory, 256 MiB by default; a map of 20 million pixels fits into it. */
  readonly cacheBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Side of the tiles that maps are read in. */
const TILE = 256;
/** float64 image, float32 target, labels. */
const BYTES_PER_PIXEL = 13;

/**
 * Patches cut out of the maps when they are asked for: the same as in `patches.h5`, without the copy. The maps are gone
 * through once to find which patches are kept.
 *
 * @throws BigsfError `MAP`
 */
export async function openFitsPatches({
  maps: paths,
  coordinates,
  cacheBytes = 256 * 2 ** 20,
  signal,
  ...rules
}: FitsPatchesOptions): Promise<PatchSource> {
  const maps = await openMaps(paths, { coordinates, least: rules.patchSize });
  try {
    const grid = patchGrid(maps.shape, rules);
    const [found, digests] = await Promise.all([findKept(maps, grid, signal), maps.digests()]);
    return fitsPatches(maps, rules, { ...found, digest: digestPatches(digests, rules), cacheBytes });
  } catch (error) {
    await maps.close();
    throw error;
  }
}

interface Found {
  readonly positions: Int32Array<ArrayBuffer>;
  readonly mixed: Uint8Array<ArrayBuffer>;
  readonly labelledShare: number;
}

async function findKept(maps: Maps, grid: PatchGrid, signal: AbortSignal | undefined): Promise<Found> {
  let positions = new Int32Array(2 * 4096);
  let mixed = new Uint8Array(4096);
  let count = 0;
  let labelledPixels = 0;
  const onSection = ({ labelled }: MapSection) => {
    for (const each of labelled) labelledPixels += each;
  };
  for await (const { y0, flags } of scanPatches(maps, grid, { signal, onSection })) {
    for (const [i, each] of flags.entries()) {
      if (!isKept(each)) continue;
      if (count === mixed.length) {
        positions = grown(positions, new Int32Array(positions.length * 2));
        mixed = grown(mixed, new Uint8Array(mixed.length * 2));
      }
      positions[2 * count] = y0;
      positions[2 * count + 1] = i * grid.stride;
      mixed[count++] = (each & HAS_MIXED_TARGET) === 0 ? 0 : 1;
    }
  }
  const [height, width] = maps.shape;
  return {
    positions: positions.slice(0, 2 * count),
    mixed: mixed.slice(0, count),
    labelledShare: labelledPixels / (height * width),
  };
}

function grown<A extends Int32Array | Uint8Array>(from: A, into: A): A {
  into.set(from);
  return into;
}

interface FitsPatchesParts extends Found {
  readonly digest: string;
  readonly cacheBytes: number;
}

function fitsPatches(
  maps: Maps,
  rules: PatchRules,
  { positions, mixed, labelledShare, digest, cacheBytes }: FitsPatchesParts,
): PatchSource {
  const { patchSize } = rules;
  const [height, width] = maps.shape;
  const tilesAcross = Math.ceil(width / TILE);
  const tiles = new LruCache<PixelBlock>(Math.floor(cacheBytes / (TILE * TILE * BYTES_PER_PIXEL)), async (number) => {
    const y0 = Math.floor(number / tilesAcross) * TILE;
    const x0 = (number % tilesAcross) * TILE;
    const section = await maps.section(y0, Math.min(y0 + TILE, height), x0, Math.min(x0 + TILE, width));
    return { width: section.width, image: section.image, target: section.target, labelled: section.labelled };
  });

  /** Tiles that a patch touches, each with where its first pixel lies as seen from the patch's. */
  async function tilesOf(y0: number, x0: number): Promise<readonly PlacedTile[]> {
    const placed: Promise<PlacedTile>[] = [];
    for (let row = Math.floor(y0 / TILE); row * TILE < y0 + patchSize; row++) {
      for (let column = Math.floor(x0 / TILE); column * TILE < x0 + patchSize; column++) {
        placed.push(
          tiles.get(row * tilesAcross + column).then((tile) => ({
            tile,
            row: row * TILE - y0,
            column: column * TILE - x0,
          })),
        );
      }
    }
    return Promise.all(placed);
  }

  async function readOne(index: number, into: PatchBuffers, at: number): Promise<void> {
    const placed = await tilesOf(positions[2 * index] ?? 0, positions[2 * index + 1] ?? 0);
    const [only] = placed;
    if (placed.length === 1 && only !== undefined) {
      cutPatch(only.tile, -only.row, -only.column, rules, into, at);
      return;
    }
    cutPatch(join(placed, patchSize), 0, 0, rules, into, at);
  }

  return {
    name: maps.paths.image,
    length: mixed.length,
    patchSize,
    normalization: rules.normalization,
    mapShape: maps.shape,
    header: maps.header,
    labelledShare,
    positions,
    groupLength: 1,
    digest,
    async read(indices, into) {
      await Promise.all(Array.from(indices, (index, at) => readOne(index, into, at)));
    },
    async valid(y0, y1) {
      return (await maps.section(y0, y1, 0, width)).valid;
    },
    mixedTargets: async () => mixed,
    close: () => maps.close(),
  };
}

interface PlacedTile {
  readonly tile: PixelBlock;
  readonly row: number;
  readonly column: number;
}

/** A block of P x P pixels out of the tiles that it touches. */
function join(placed: readonly PlacedTile[], size: number): PixelBlock {
  const image = new Float64Array(size * size);
  const target = new Float32Array(size * size);
  const labelled = new Uint8Array(size * size);
  for (const { tile, row, column } of placed) {
    const tileHeight = tile.labelled.length / tile.width;
    const left = Math.max(0, column);
    const length = Math.min(size, column + tile.width) - left;
    for (let y = Math.max(0, row); y < Math.min(size, row + tileHeight); y++) {
      const from = (y - row) * tile.width + left - column;
      const to = y * size + left;
      image.set(tile.image.subarray(from, from + length), to);
      target.set(tile.target.subarray(from, from + length), to);
      labelled.set(tile.labelled.subarray(from, from + length), to);
    }
  }
  return { width: size, image, target, labelled };
}
