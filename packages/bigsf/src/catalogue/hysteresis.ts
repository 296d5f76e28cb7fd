import { BigsfError } from "../errors.ts";
import type { Plane } from "../maps/plane.ts";
import { emptyPlane, flag, type MaskPlane, neighboursOf, placeOf } from "./mask-plane.ts";
import { PlaceList } from "./place-list.ts";

/** A file's is named where something is wrong with it. */
export type SearchedMap = Pick<Plane, "shape" | "section"> & Partial<Pick<Plane, "path">>;

export interface HysteresisOptions {
  /** A filament reaches as far as the map is at least this. */
  readonly low: number;
  /** It has a pixel at least this high. */
  readonly high: number;
  readonly onRows?: ((done: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const bandPixels = 2 ** 20;
/** By which probabilities may lie beyond 0 and 1. */
const rounding = 1e-3;
const most = 1 + rounding;
/** Above it all numbers of 32 bits are whole: fluxes and column densities are no masks. */
const mostOfMask = 2 ** 24;
/** Places are numbers of 32 bits. */
const mostPlaces = 2 ** 31 - 1;

/**
 * Hysteresis (Canny, IEEE PAMI 8, 1986): pixels from `low` on that hang together with one from `high` on, diagonally too.
 * NaN is below all. Memory is a byte a pixel of the map and a band of rows.
 *
 * @returns the mask, the places of its pixels in rising order, and whether no value lies between 0 and 1: then the map is a mask
 *   itself
 */
export async function hysteresisMask(
  map: SearchedMap,
  { low, high, onRows, signal }: HysteresisOptions,
): Promise<{ readonly plane: MaskPlane; readonly places: Int32Array; readonly isMask: boolean }> {
  const [height, width] = map.shape;
  if ((height + 2) * (width + 2) > mostPlaces)
    throw new BigsfError(
      "CATALOGUE",
      `the map has ${height} rows of ${width} pixels; ${mostPlaces} pixels are the most: make catalogues of parts of it`,
    );
  const plane = emptyPlane(height, width);
  const { flags } = plane;
  let isMask = true;
  const band = Math.max(1, Math.floor(bandPixels / width));
  for (let y0 = 0; y0 < height; y0 += band) {
    signal?.throwIfAborted();
    const y1 = Math.min(height, y0 + band);
    const values = await map.section(y0, y1, 0, width);
    for (let y = y0, i = 0; y < y1; y++) {
      for (let place = placeOf(plane, 0, y), end = place + width; place < end; place++, i++) {
        const value = values[i] ?? 0;
        if (value > 0 && value < 1) isMask = false;
        if ((value > most || value < -rounding) && (!Number.isInteger(value) || value > mostOfMask))
          throw noProbability(map.path ?? "the map", value, `column ${i % width}, row ${y}`);
        if (value >= low) flags[place] = value >= high ? flag.marked | flag.seen : flag.marked;
      }
    }
    onRows?.(y1);
  }
  return { plane, places: keepSeeded(plane), isMask };
}

/** Percentages, logits or the image: thresholds would be of something else, and the catalogue's probabilities none. */
function noProbability(map: string, value: number, place: string): BigsfError {
  return new BigsfError(
    "CATALOGUE",
    `${map} is ${value} at ${place}: probabilities are from 0 to 1, and masks hold whole numbers; divide percentages by 100, and give a mask of what else there is`,
  );
}

/** Keeps what hangs together with pixels that are seen. */
function keepSeeded(plane: MaskPlane): Int32Array {
  const { flags } = plane;
  const neighbours = neighboursOf(plane);
  const stack = new PlaceList();
  let count = 0;
  for (let start = 0; start < flags.length; start++) {
    if (((flags[start] ?? 0) & flag.seen) === 0) continue;
    stack.push(start);
    flags[start] = flag.mask;
    while (stack.length > 0) {
      const place = stack.pop();
      count++;
      for (const step of neighbours) {
        if (((flags[place + step] ?? 0) & flag.marked) === 0) continue;
        flags[place + step] = flag.mask;
        stack.push(place + step);
      }
    }
  }
  const places = new Int32Array(count);
  let next = 0;
  for (let place = 0; place < flags.length; place++) {
    if (flags[place] === flag.mask) places[next++] = place;
    else flags[place] = 0;
  }
  return places;
}
