import { type MapDigests, type MapSection, type Maps, openMaps, type PixelBlock } from "../maps/maps.ts";
import { joinRanges, startRange } from "../maps/positive-range.ts";
import {
  type ContentDigest,
  nameOf,
  namesText,
  refuseTwins,
  type SourceMap,
  startContentDigest,
} from "../maps/source-map.ts";
import { channelCount } from "./channel-count.ts";
import { LruCache } from "./lru-cache.ts";
import { digestPatches } from "./patch-digest.ts";
import { type PatchGrid, patchGrid } from "./patch-grid.ts";
import {
  type CutRules,
  cutPatch,
  HAS_MIXED_TARGET,
  isKept,
  type PatchRules,
  type PositiveRange,
} from "./patch-rules.ts";
import type { PatchBuffers, PatchedMap, PatchSource } from "./patch-source.ts";
import { scanPatches } from "./scan-patches.ts";

export interface FitsPatchesOptions extends PatchRules {
  readonly maps: readonly SourceMap[];
  /** Most bytes of the maps that are kept in memory, 256 MiB by default; a map of 20 million pixels fits into it. */
  readonly cacheBytes?: number;
  /** What was found when the same maps were opened before; they are not gone through again. */
  readonly found?: FoundPatches | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Side of the tiles that maps are read in. */
const TILE = 256;
/** float64 image, float32 target, labels. */
const BYTES_PER_PIXEL = 13;
/** float64. */
const BYTES_PER_CHANNEL = 8;

/**
 * Patches cut out of the maps when they are asked for: the same as in `patches.h5`, without the copy. The maps are gone
 * through once to find which patches are kept.
 *
 * @throws BigsfError `MAP`
 */
export async function openFitsPatches({
  maps: given,
  cacheBytes = 256 * 2 ** 20,
  found: before,
  signal,
  ...rules
}: FitsPatchesOptions): Promise<PatchSource> {
  const channels = channelCount(given, rules);
  await using opened = new AsyncDisposableStack();
  const scanned: ScannedMap[] = [];
  for (const [place, map] of given.entries()) {
    const maps = await openMaps(map, { coordinates: map.coordinates, region: map.region, least: rules.patchSize });
    opened.defer(() => maps.close());
    const content = given.length > 1 ? startContentDigest(maps.shape) : undefined;
    const found = before?.maps[place] ?? (await findKept(maps, patchGrid(maps.shape, rules), { content, signal }));
    scanned.push({ name: nameOf(map), maps, ...found });
  }
  refuseTwins(scanned);
  const digests = before?.digests ?? (await Promise.all(scanned.map(({ maps }) => maps.digests())));
  const parts = { digests, channels, cacheBytes };
  const files = opened.move();
  return fitsPatches(scanned, rules, {
    ...parts,
    close: () => files.disposeAsync(),
  });
}

/** What going through maps finds, which a second opening, as in another thread, need not find again; plain data. */
export interface FoundPatches {
  readonly maps: readonly FoundInMap[];
  readonly digests: readonly MapDigests[];
}

interface FoundInMap {
  readonly positions: Int32Array<ArrayBuffer>;
  readonly mixed: Uint8Array<ArrayBuffer>;
  readonly labelledShare: number;
  readonly range: PositiveRange | undefined;
  readonly content: string;
}

interface ScannedMap extends FoundInMap {
  readonly name: string;
  readonly maps: Maps;
}

interface FindOptions {
  /** Where there are several maps, which should not be one and the same. */
  readonly content: ContentDigest | undefined;
  readonly signal: AbortSignal | undefined;
}

async function findKept(maps: Maps, grid: PatchGrid, { content, signal }: FindOptions): Promise<FoundInMap> {
  let positions = new Int32Array(2 * 4096);
  let mixed = new Uint8Array(4096);
  let count = 0;
  let labelledPixels = 0;
  const range = startRange();
  const onSection = (section: MapSection) => {
    for (const each of section.labelled) labelledPixels += each;
    range.add(section);
    content?.add(section);
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
    range: range.finish(),
    content: content?.finish() ?? "",
  };
}

function grown<A extends Int32Array | Uint8Array>(from: A, into: A): A {
  into.set(from);
  return into;
}

interface FitsPatchesParts {
  readonly digests: readonly MapDigests[];
  readonly channels: number;
  readonly cacheBytes: number;
  readonly close: () => Promise<void>;
}

/** How one of the maps is cut: its first tile among those of all maps, and how many lie beside each other. */
interface CutMap {
  readonly maps: Maps;
  readonly rules: CutRules;
  readonly firstTile: number;
  readonly tilesAcross: number;
}

function fitsPatches(
  scanned: readonly ScannedMap[],
  rules: PatchRules,
  { digests, channels, cacheBytes, close }: FitsPatchesParts,
): PatchSource {
  const { patchSize, normalization, normalizationOver = "patch" } = rules;
  const common = normalizationOver === "all" ? joinRanges(scanned.map(({ range }) => range)) : undefined;
  const cuts: CutMap[] = [];
  const maps: PatchedMap[] = [];
  let [firstTile, start] = [0, 0];
  for (const [place, { name, maps: opened, mixed, labelledShare, range }] of scanned.entries()) {
    const [height, width] = opened.shape;
    const tilesAcross = Math.ceil(width / TILE);
    const cutRules = { patchSize, normalization, range: normalizationOver === "map" ? range : common };
    cuts.push({ maps: opened, rules: cutRules, firstTile, tilesAcross });
    firstTile += tilesAcross * Math.ceil(height / TILE);
    maps.push({
      name,
      shape: opened.shape,
      inside: opened.inside,
      header: opened.header,
      imageDigest: digests[place]?.image,
      labelledShare,
      start,
      stop: start + mixed.length,
      valid: async (y0, y1) => (await opened.section(y0, y1, 0, width)).valid,
    });
    start += mixed.length;
  }
  const positions = new Int32Array(2 * start);
  const mixed = new Uint8Array(start);
  for (const [place, map] of maps.entries()) {
    positions.set(scanned[place]?.positions ?? [], 2 * map.start);
    mixed.set(scanned[place]?.mixed ?? [], map.start);
  }

  const tileBytes = TILE * TILE * (BYTES_PER_PIXEL + (channels - 1) * BYTES_PER_CHANNEL);
  const tiles = new LruCache<PixelBlock>(Math.floor(cacheBytes / tileBytes), async (number) => {
    const cut = cuts.findLast((each) => each.firstTile <= number);
    if (cut === undefined) throw new RangeError(`there is no tile ${number}`);
    const [height, width] = cut.maps.shape;
    const y0 = Math.floor((number - cut.firstTile) / cut.tilesAcross) * TILE;
    const x0 = ((number - cut.firstTile) % cut.tilesAcross) * TILE;
    const section = await cut.maps.section(y0, Math.min(y0 + TILE, height), x0, Math.min(x0 + TILE, width));
    const { width: across, image, others, target, labelled } = section;
    return { width: across, image, others, target, labelled };
  });

  /** Tiles that a patch touches, each with where its first pixel lies as seen from the patch's. */
  async function tilesOf({ firstTile: first, tilesAcross }: CutMap, y0: number, x0: number) {
    const placed: Promise<PlacedTile>[] = [];
    for (let row = Math.floor(y0 / TILE); row * TILE < y0 + patchSize; row++) {
      for (let column = Math.floor(x0 / TILE); column * TILE < x0 + patchSize; column++) {
        placed.push(
          tiles.get(first + row * tilesAcross + column).then((tile) => ({
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
    const cut = cuts[maps.findIndex(({ stop }) => index < stop)];
    if (cut === undefined) throw new RangeError(`there is no patch ${index}`);
    const placed = await tilesOf(cut, positions[2 * index] ?? 0, positions[2 * index + 1] ?? 0);
    const [only] = placed;
    if (placed.length === 1 && only !== undefined) {
      cutPatch(only.tile, -only.row, -only.column, cut.rules, into, at);
      return;
    }
    cutPatch(join(placed, patchSize), 0, 0, cut.rules, into, at);
  }

  return {
    name: namesText(scanned.map((each) => each.maps.paths.image)),
    length: start,
    patchSize,
    channels,
    normalization,
    normalizationOver,
    range: common,
    maps,
    positions,
    groupLength: 1,
    digest: digestPatches(digests, rules),
    found: {
      digests,
      maps: maps.map(({ start, stop }, place) => ({
        labelledShare: scanned[place]?.labelledShare ?? 0,
        range: scanned[place]?.range,
        content: scanned[place]?.content ?? "",
        positions: positions.subarray(2 * start, 2 * stop),
        mixed: mixed.subarray(start, stop),
      })),
    },
    async read(indices, into) {
      await Promise.all(Array.from(indices, (index, at) => readOne(index, into, at)));
    },
    mixedTargets: async () => mixed,
    close,
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
  const others = (placed[0]?.tile.others ?? []).map(() => new Float64Array(size * size));
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
      for (const [channel, pixels] of tile.others.entries())
        others[channel]?.set(pixels.subarray(from, from + length), to);
      target.set(tile.target.subarray(from, from + length), to);
      labelled.set(tile.labelled.subarray(from, from + length), to);
    }
  }
  return { width: size, image, others, target, labelled };
}
