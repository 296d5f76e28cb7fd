import { type PatchSource, roomFor } from "../patches/patch-source.ts";

/** What was counted in each patch: [patches]; 0 where it was not looked at. */
export interface PatchPixels {
  readonly labelled: Int32Array;
  /** Labelled pixels on a filament. */
  readonly filament: Int32Array;
}

export interface PatchPixelsOptions {
  /** Gets patches as they are read: [count, channels, P, P]. */
  readonly onPatches?: ((numbers: Int32Array, patches: Float32Array) => void) | undefined;
  /** Told from time to time how many patches are read. */
  readonly onProgress?: ((done: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const blockLength = 1024;

/** Reads patches once, and counts their labelled pixels and those of filaments. */
export async function countPixels(
  source: PatchSource,
  indices: Int32Array,
  { onPatches, onProgress, signal }: PatchPixelsOptions = {},
): Promise<PatchPixels> {
  const pixels = source.patchSize ** 2;
  const counts = { labelled: new Int32Array(source.length), filament: new Int32Array(source.length) };
  const room = roomFor(source, blockLength);
  const { patches, spines, labelled } = room;
  for (let start = 0; start < indices.length; start += blockLength) {
    signal?.throwIfAborted();
    const block = indices.subarray(start, start + blockLength);
    await source.read(block, room);
    for (const [place, patch] of block.entries()) {
      let [known, filament] = [0, 0];
      for (let at = place * pixels; at < (place + 1) * pixels; at++) {
        if (!((labelled[at] ?? 0) > 0)) continue;
        known++;
        if ((spines[at] ?? 0) > 0) filament++;
      }
      counts.labelled[patch] = known;
      counts.filament[patch] = filament;
    }
    onPatches?.(block, patches.subarray(0, block.length * source.channels * pixels));
    onProgress?.(Math.min(indices.length, start + blockLength));
    // Reading may block; signals have their turn in between.
    await new Promise(setImmediate);
  }
  return counts;
}

export interface PatchSizes {
  readonly patches: number;
  /** Patches with a labelled pixel on a filament. */
  readonly withFilament: number;
  /** Over all patches: where these overlap, a pixel counts several times. */
  readonly labelledPixels: number;
  readonly filamentPixels: number;
}

export function sizesOf(indices: Int32Array, { labelled, filament }: PatchPixels): PatchSizes {
  let [withFilament, labelledPixels, filamentPixels] = [0, 0, 0];
  for (const patch of indices) {
    const positive = filament[patch] ?? 0;
    if (positive > 0) withFilament++;
    labelledPixels += labelled[patch] ?? 0;
    filamentPixels += positive;
  }
  return { patches: indices.length, withFilament, labelledPixels, filamentPixels };
}
