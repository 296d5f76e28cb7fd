import { flag, type MaskPlane, placeOf } from "../catalogue/mask-plane.ts";
import type { MapRows } from "../segmentation/segment-rows.ts";

/** What is known of the pixels of a map, a byte each. */
export interface Ground {
  readonly height: number;
  readonly width: number;
  readonly flags: Uint8Array;
  /** Pixels of which a model speaks that has not seen them. */
  readonly usable: number;
  /** Usable ones off all labelled filaments, and those of them of which it is known that there is none. */
  readonly free: number;
  readonly looked: number;
}

export const ground = {
  /** The image has data there, and a model speaks of it. */
  usable: 1,
  /** On a labelled filament. */
  target: 2,
  /** There is certainly none. */
  background: 4,
  /** On a filament of the catalogue, as wide as its mask. */
  found: 8,
} as const;

export interface GroundMaps {
  readonly probability: MapRows;
  readonly image: MapRows;
  readonly target: MapRows | undefined;
  readonly background: MapRows | undefined;
  /** Of the catalogue. */
  readonly mask: MaskPlane;
}

const bandPixels = 2 ** 20;

export async function surveyGround(maps: GroundMaps, signal?: AbortSignal): Promise<Ground> {
  const [height, width] = maps.probability.shape;
  const flags = new Uint8Array(height * width);
  let [usable, free, looked] = [0, 0, 0];
  const band = Math.max(1, Math.floor(bandPixels / width));
  for (let y0 = 0; y0 < height; y0 += band) {
    signal?.throwIfAborted();
    const y1 = Math.min(height, y0 + band);
    const [said, image, target, background] = await Promise.all(
      [maps.probability, maps.image, maps.target, maps.background].map((map) => map?.section(y0, y1, 0, width)),
    );
    for (let i = 0; i < (y1 - y0) * width; i++) {
      const isUsable = Number.isFinite(said?.[i]) && Number.isFinite(image?.[i]);
      const isTarget = (target?.[i] ?? 0) > 0;
      const isBackground = !isTarget && (background?.[i] ?? 0) > 0;
      const [x, y] = [i % width, y0 + Math.floor(i / width)];
      const isFound = ((maps.mask.flags[placeOf(maps.mask, x, y)] ?? 0) & flag.mask) !== 0;
      flags[y * width + x] =
        (isUsable ? ground.usable : 0) |
        (isTarget ? ground.target : 0) |
        (isBackground ? ground.background : 0) |
        (isFound ? ground.found : 0);
      if (!isUsable) continue;
      usable++;
      if (!isTarget) free++;
      if (isBackground) looked++;
    }
  }
  return { height, width, flags, usable, free, looked };
}

/** 0 outside of the map. */
export function groundAt({ height, width, flags }: Ground, x: number, y: number): number {
  const [column, row] = [Math.round(x), Math.round(y)];
  if (column < 0 || row < 0 || column >= width || row >= height) return 0;
  return flags[row * width + column] ?? 0;
}
