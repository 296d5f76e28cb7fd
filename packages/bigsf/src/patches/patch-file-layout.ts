/** What is in `patches.h5`. */
import type { MapDigests } from "../maps/maps.ts";
import {
  NORMALIZATIONS,
  NORMALIZED_OVER,
  type Normalization,
  type NormalizedOver,
  type PatchRules,
  type PositiveRange,
} from "./patch-rules.ts";

/** [N, P, P, 1] float32 each, `patches` [N, P, P, channels], in the order of `PatchBuffers`. */
export const LAYERS = ["patches", "spines", "labelled"] as const;
/** [N, 2, 2, 1] int32: [[y0, y1], [x0, x1]], end-exclusive. */
export const POSITIONS = "positions";

/** gzip level from 0 (none) to 9. */
export type CompressionLevel = number;

/** Attributes of the file. A file that other software made has none of them. */
export interface PatchFileAttributes extends PatchRules {
  readonly compression: CompressionLevel;
  /** What became 0 and 1 in all maps, where it was the same. */
  readonly range?: PositiveRange | undefined;
  /** See `PatchSource.digest`. */
  readonly digest: string;
}

/** Attributes of a map: of the file where there is one, else of the group `maps/<name>`. */
export interface MapAttributes {
  readonly shape: readonly [height: number, width: number];
  /** Without what was added so that a patch fits in; absent where nothing was, and in files of earlier versions. */
  readonly inside?: readonly [height: number, width: number] | undefined;
  /** SHA-256 of its files. */
  readonly sources: MapDigests;
  /** Of the map's pixels; absent in files of earlier versions. */
  readonly labelledShare?: number | undefined;
}

/** The group of a group for each map, where there are several. */
export const MAPS = "maps";

/** [H, W] uint8 of a whole map, beside its attributes: 1 where the image is finite and not missing. */
export const VALID = "valid";

export const CHUNK_BYTES = 64 * 1024;

/**
 * Patches per chunk, which is what is compressed and read as a whole: about 64 KiB. Larger ones compress little better,
 * and cost more where patches are read in random order.
 */
export function chunkLength(patchSize: number): number {
  return Math.max(1, Math.floor(CHUNK_BYTES / (4 * patchSize * patchSize)));
}

/** 16 bytes a patch. */
export const POSITIONS_CHUNK = CHUNK_BYTES / 16;

/** Bytes of a patch in all data sets, before compression. */
export function bytesPerPatch(patchSize: number, channels: number): number {
  return (LAYERS.length + channels - 1) * 4 * patchSize * patchSize + 16;
}

/** How patches lie in memory, channel by channel, becomes how they lie in the file, pixel by pixel. */
export function pixelByPixel(patches: Float32Array, channels: number, pixels: number): Float32Array {
  return rearranged(
    patches,
    (patch, channel, pixel) => [
      (patch * pixels + pixel) * channels + channel,
      (patch * channels + channel) * pixels + pixel,
    ],
    channels,
    pixels,
  );
}

/** The way back. */
export function channelByChannel(patches: Float32Array, channels: number, pixels: number): Float32Array {
  return rearranged(
    patches,
    (patch, channel, pixel) => [
      (patch * channels + channel) * pixels + pixel,
      (patch * pixels + pixel) * channels + channel,
    ],
    channels,
    pixels,
  );
}

function rearranged(
  patches: Float32Array,
  places: (patch: number, channel: number, pixel: number) => readonly [to: number, from: number],
  channels: number,
  pixels: number,
): Float32Array {
  if (channels === 1) return patches;
  const moved = new Float32Array(patches.length);
  for (let patch = 0; patch * channels * pixels < patches.length; patch++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        const [to, from] = places(patch, channel, pixel);
        moved[to] = patches[from] ?? 0;
      }
    }
  }
  return moved;
}

export function isNormalizedOver(value: unknown): value is NormalizedOver {
  return NORMALIZED_OVER.some((each) => each === value);
}

export function isNormalization(value: unknown): value is Normalization {
  return NORMALIZATIONS.some((each) => each === value);
}
