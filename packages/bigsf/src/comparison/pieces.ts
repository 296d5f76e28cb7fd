/** Filaments as they lie in one area: what a comparison of models counts. */
import { skeletonize } from "../skeleton/skeletonize.ts";

/** Pixels of an area, row by row. */
export interface Area {
  readonly width: number;
  /** 1 on filaments, where that is known. */
  readonly truth: Uint8Array;
  /** 1 where the truth is known. */
  readonly labelled: Uint8Array;
  /** What each model says; NaN where it says nothing. */
  readonly said: readonly Float64Array[];
  /** The map; undefined where none is given. */
  readonly image: Float64Array | undefined;
}

/** A filament, as far as it lies in the area. */
export interface Piece {
  /** Whether each model finds it. */
  readonly found: readonly boolean[];
  /** How much brighter its middle is than what is labelled as background here, as a share of that; NaN where nobody knows. */
  readonly contrast: number;
}

export interface AreaPieces {
  readonly pieces: readonly Piece[];
  /** How many each model finds where none is. */
  readonly invented: readonly number[];
}

/** Shorter ones, in pixels of their skeleton, do not count: splinters at the edge of an area. */
const shortest = 5;

/**
 * A piece is found where the probability is above the threshold on at least half of its skeleton. Where not every model
 * speaks of half of it, it does not count. What is found and touches no filament is invented.
 */
export function piecesOf({ width, truth, labelled, said, image }: Area, threshold: number): AreaPieces {
  const background = medianOver(image, (pixel) => labelled[pixel] === 1 && truth[pixel] !== 1);
  const pieces = skeletonsOf(truth, width).flatMap((line): readonly Piece[] => {
    const known = said.map((each) => line.filter((pixel) => !Number.isNaN(each[pixel])).length);
    if (line.length < shortest || known.some((count) => 2 * count < line.length)) return [];
    const found = said.map((each) => 2 * line.filter((pixel) => (each[pixel] ?? 0) > threshold).length >= line.length);
    const values = line.map((pixel) => image?.[pixel] ?? Number.NaN).filter(Number.isFinite);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return [{ found, contrast: mean / background - 1 }];
  });
  const invented = said.map((each) => {
    const mask = Uint8Array.from(each, (value, pixel) => (value > threshold && labelled[pixel] === 1 ? 1 : 0));
    const groups = groupsOf(mask, width);
    const real = new Set(groups.filter((group, pixel) => group > 0 && truth[pixel] === 1));
    return skeletonsOf(mask, width).filter((line) => line.length >= shortest && !real.has(groups[line[0] ?? 0] ?? 0))
      .length;
  });
  return { pieces, invented };
}

/** The pixels of the skeleton of each connected group of pixels. */
function skeletonsOf(mask: Uint8Array, width: number): readonly (readonly number[])[] {
  const groups = groupsOf(mask, width);
  const lines = new Map<number, number[]>();
  for (const [pixel, isOn] of skeletonize(mask, width).entries()) {
    if (isOn === 0) continue;
    const group = groups[pixel] ?? 0;
    const line = lines.get(group);
    if (line === undefined) lines.set(group, [pixel]);
    else line.push(pixel);
  }
  return [...lines.values()];
}

/** Numbers, from 1 on, of groups of pixels that touch, also at corners; 0 outside. */
function groupsOf(mask: Uint8Array, width: number): Uint32Array {
  const groups = new Uint32Array(mask.length);
  let count = 0;
  for (const [start, isOn] of mask.entries()) {
    if (isOn === 0 || groups[start] !== 0) continue;
    count++;
    groups[start] = count;
    const open = [start];
    for (let pixel = open.pop(); pixel !== undefined; pixel = open.pop()) {
      const x = pixel % width;
      for (const [dy, dx] of around) {
        const beside = pixel + dy * width + dx;
        const isInside = x + dx >= 0 && x + dx < width && beside >= 0 && beside < mask.length;
        if (!isInside || mask[beside] === 0 || groups[beside] !== 0) continue;
        groups[beside] = count;
        open.push(beside);
      }
    }
  }
  return groups;
}

const around = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [dy, dx] as const));

function medianOver(image: Float64Array | undefined, isMeant: (pixel: number) => boolean): number {
  const values = image?.filter((value, pixel) => isMeant(pixel) && Number.isFinite(value)).sort();
  return values?.[values.length >> 1] ?? Number.NaN;
}
