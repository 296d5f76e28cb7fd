/** Where patches come from: `patches.h5`, or the maps themselves. */
import type { Header } from "@ml-mosaic/fits";
import type { Normalization } from "./patch-rules.ts";

/** Room for some patches; each is [patches, P, P], rows of pixels one after the other. */
export interface PatchBuffers {
  /** The normalised image. */
  readonly patches: Float32Array;
  /** The target: spines and branches of filaments. */
  readonly spines: Float32Array;
  /** 1 where the target is known, else 0. */
  readonly labelled: Float32Array;
}

/**
 * Kept patches of one map, numbered from 0 in raster order of their first pixels. It owns open files, which `close`
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
  /** How patches were normalised; undefined where other software made them and does not say. */
  readonly normalization: Normalization | undefined;
  /** Height and width of the map. */
  readonly mapShape: readonly [height: number, width: number];
  /** Of the image, with its celestial coordinates; undefined where a file of patches does not tell it. */
  readonly header: Header | undefined;
  /** Share of the map's pixels that are labelled; undefined where a file of patches does not tell it. */
  readonly labelledShare: number | undefined;
  /** First row and column of each patch: [length * 2] as y0, x0. */
  readonly positions: Int32Array<ArrayBuffer>;
  /**
   * Patches that are stored together: a whole group, which begins at a multiple of this, costs little more to read than
   * one patch of it.
   */
  readonly groupLength: number;
  /** Changes whenever the maps or the rules that patches are cut by change: for caches of what is derived from them. */
  readonly digest: string;
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
  /**
   * Which pixels of rows y0 to y1 of the map are finite and not missing: [rows, width], 1 or 0. Undefined where a file of
   * patches does not tell it.
   */
  valid(y0: number, y1: number): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}
