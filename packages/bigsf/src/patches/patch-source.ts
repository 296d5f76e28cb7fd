/** Where patches come from: `patches.h5`, or the maps themselves. */
import type { Header } from "@ml-mosaic/fits";
import type { FoundPatches } from "./fits-patches.ts";
import type { Normalization, NormalizedOver, PositiveRange } from "./patch-rules.ts";

/** Room for some patches; each is [patches, P, P], rows of pixels one after the other. */
export interface PatchBuffers {
  /** The normalised image, and behind it the other channels: [patches, channels, P, P]. */
  readonly patches: Float32Array;
  /** The target: spines and branches of filaments. */
  readonly spines: Float32Array;
  /** 1 where the target is known, else 0. */
  readonly labelled: Float32Array;
}

/** One of the maps that patches come from. */
export interface PatchedMap {
  /** Tells it from the others; empty where a file of patches has but one. */
  readonly name: string;
  readonly shape: readonly [height: number, width: number];
  /** Without what was added behind the last rows and columns, so that a patch fits in. */
  readonly inside: readonly [height: number, width: number];
  /** Of the image, with its celestial coordinates; undefined where a file of patches does not tell it. */
  readonly header: Header | undefined;
  /** Of the image, as `Plane.digest` gives it; undefined where a file of patches does not tell it. */
  readonly imageDigest: string | undefined;
  /** Share of its pixels that are labelled; undefined where a file of patches does not tell it. */
  readonly labelledShare: number | undefined;
  /** Its patches have the numbers from `start` to `stop`, without the last. */
  readonly start: number;
  readonly stop: number;
  /**
   * Which pixels of rows y0 to y1 are finite and not missing: [rows, width], 1 or 0. Undefined where a file of patches
   * does not tell it.
   */
  valid(y0: number, y1: number): Promise<Uint8Array | undefined>;
}

/** Of all maps together; undefined where one is not known. */
export function labelledShareOf(maps: readonly Pick<PatchedMap, "shape" | "labelledShare">[]): number | undefined {
  let [labelled, pixels] = [0, 0];
  for (const { shape, labelledShare } of maps) {
    labelled += (labelledShare ?? Number.NaN) * shape[0] * shape[1];
    pixels += shape[0] * shape[1];
  }
  return Number.isNaN(labelled) ? undefined : labelled / pixels;
}

/**
 * Kept patches, numbered from 0: map after map, and in each in raster order of their first pixels. It owns open files, which `close`
 * closes. Reads may run at the same time, into different buffers. The same patches come from every implementation, bit
 * for bit.
 */
export interface PatchSource {
  /** For messages: the file or the image that patches come from. */
  readonly name: string;
  /** Number of patches. */
  readonly length: number;
  /** P: patches are P x P pixels. */
  readonly patchSize: number;
  /** Of a patch: 1, the image, and those that are given besides it. */
  readonly channels: number;
  /** How patches were normalised; undefined where other software made them and does not say. */
  readonly normalization: Normalization | undefined;
  /** Whose range became 0 and 1. */
  readonly normalizationOver: NormalizedOver;
  /** What became 0 and 1 in all maps, where it was the same. */
  readonly range: PositiveRange | undefined;
  /** One or more. */
  readonly maps: readonly PatchedMap[];
  /** First row and column of each patch in its map: [length * 2] as y0, x0. */
  readonly positions: Int32Array<ArrayBuffer>;
  /**
   * Patches that are stored together: a whole group, which begins at a multiple of this, costs little more to read than
   * one patch of it.
   */
  readonly groupLength: number;
  /** Changes whenever the maps or the rules that patches are cut by change: for caches of what is derived from them. */
  readonly digest: string;
  /** What opening it took some time to find, for those who open it again. */
  readonly found?: FoundPatches | undefined;
  /**
   * Reads the patches with these numbers, in this order, from the start of each buffer.
   *
   * @throws BigsfError `PATCHES`, FitsError
   */
  read(indices: Int32Array, into: PatchBuffers): Promise<void>;
  /**
   * Which patches have a target of more than one value: [length], 1 or 0. The first call reads what it needs, the
   * others have it at once. Not to be changed.
   */
  mixedTargets(): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

export function roomFor(
  { patchSize, channels }: Pick<PatchSource, "patchSize" | "channels">,
  count: number,
): PatchBuffers {
  const layer = (layers: number) => new Float32Array(count * layers * patchSize ** 2);
  return { patches: layer(channels), spines: layer(1), labelled: layer(1) };
}
