import { createFits, makeHeader } from "@ml-mosaic/fits";
import { smallestOf } from "@ml-mosaic/statistics";
import type { Sky } from "../maps/coordinates.ts";
import type { Filament } from "./filament.ts";
import { type FoundFilament, spineOfFound } from "./find-filaments.ts";
import { healpixOf, healpixSide, mergedPixels, mostOrder } from "./healpix.ts";
import { columnOf, flag, type MaskPlane, placeOf, rowOf } from "./mask-plane.ts";
import { icrsOf } from "./sky-spine.ts";

/**
 * The part of the sky that filaments cover, as a Multi-Order Coverage map (IVOA MOC 2.0, 2022): cells at least two pixels wide
 * that hold the centre of a pixel of their mask, so that neighbouring pixels leave no gap.
 * It is empty where there is no sky.
 */
export async function writeMoc(
  path: string,
  sky: Sky | undefined,
  plane: MaskPlane,
  filaments: readonly { readonly filament: Filament; readonly found: FoundFilament }[],
): Promise<void> {
  const sides = filaments.flatMap(({ filament }) => filament.pixelDegrees ?? []);
  const pixelDegrees = smallestOf(sides);
  let order = 0;
  while (order < mostOrder && healpixSide(order + 1) >= 2 * pixelDegrees) order++;
  const parts: Float64Array[] = [];
  for (const { filament, found } of sky === undefined ? [] : filaments) {
    const places = [...coveredPlaces(plane, found, filament.halfWidth)];
    const points = places.map((place) => ({ x: columnOf(plane, place), y: rowOf(plane, place) }));
    const { longitude, latitude } = (sky && icrsOf(sky, points)) ?? { longitude: [], latitude: [] };
    const cells = new Set<number>();
    for (const [i, lon] of longitude.entries()) {
      const lat = latitude[i] ?? Number.NaN;
      if (!Number.isNaN(lon + lat)) cells.add(healpixOf(order, lon, lat));
    }
    parts.push(Float64Array.from(cells));
  }
  const uniq = mergedPixels(order, risingOnce(parts));
  await using writer = await createFits(path, { checksum: true });
  await writer.table({
    header: makeHeader({
      PIXTYPE: ["HEALPIX", "HEALPix magic code"],
      ORDERING: ["NUNIQ", "order and pixel in one number"],
      COORDSYS: ["C", "ICRS"],
      MOCVERS: ["2.0", "MOC version"],
      MOCDIM: ["SPACE", "of the sky"],
      MOCORD_S: [order, "order of the smallest cells"],
      MOCORDER: [order, "the same, as MOC 1 has it"],
      MOCTOOL: ["bigsf catalogue", "program that made it"],
    }),
    columns: [{ name: "UNIQ", values: BigInt64Array.from(uniq, BigInt) }],
  });
  await writer.close();
}

/** Of all parts together. Surveys have millions, so that they are no objects on the way. */
function risingOnce(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  all.sort();
  let kept = 0;
  for (const value of all) if (kept === 0 || value !== all[kept - 1]) all[kept++] = value;
  return all.subarray(0, kept);
}

/** Pixels of the mask around a spine. */
function coveredPlaces(plane: MaskPlane, found: FoundFilament, halfWidth: number): ReadonlySet<number> {
  const reach = halfWidth + 1;
  const places = new Set<number>();
  for (const { x, y } of spineOfFound(found).points)
    for (let v = Math.max(0, Math.ceil(y - reach)); v <= Math.min(plane.height - 1, y + reach); v++)
      for (let u = Math.max(0, Math.ceil(x - reach)); u <= Math.min(plane.width - 1, x + reach); u++) {
        const place = placeOf(plane, u, v);
        const isCovered = (u - x) ** 2 + (v - y) ** 2 <= reach ** 2;
        if (isCovered && ((plane.flags[place] ?? 0) & flag.mask) !== 0) places.add(place);
      }
  return places;
}
