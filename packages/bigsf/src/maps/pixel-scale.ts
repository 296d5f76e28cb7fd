import type { Header } from "@ml-mosaic/fits";
import { coordinatesOf, type Sky } from "./coordinates.ts";
import type { Plane } from "./plane.ts";
import { namesText } from "./source-map.ts";

export interface ScaledMap {
  readonly name: string;
  readonly header: Header | undefined;
  readonly shape: readonly [height: number, width: number];
}

/** Pixels whose sides differ by more than this share are of another size. */
export const sizeTolerance = 0.03;

/** Side of the pixel in the middle of a map, in arc seconds; undefined where the header does not tell it. */
export function pixelScale({
  header,
  shape: [height, width],
  axes = [1, 2],
}: Omit<ScaledMap, "name"> & Partial<Pick<Plane, "axes">>): number | undefined {
  const sky = header && coordinatesOf({ header, axes });
  if (sky?.kind !== "sky") return undefined;
  const [along = 0, across = 0] = pixelSides(sky, (width - 1) / 2, (height - 1) / 2);
  const side = Math.sqrt(along * across);
  return side > 0 ? side : undefined;
}

/** Of the pixel at a place, in arc seconds; NaN where it is nowhere on the sky. */
export function pixelSides({ at }: Sky, x: number, y: number): readonly [ofColumn: number, ofRow: number] {
  const { first, second } = at(Float64Array.of(x - 0.5, x + 0.5, x, x), Float64Array.of(y, y, y - 0.5, y + 0.5));
  const radians = Math.PI / 180;
  const apart = (a: number, b: number) => {
    const [longitude = 0, other = 0, latitude = 0, otherLatitude = 0] = [first[a], first[b], second[a], second[b]];
    const share =
      Math.sin(((otherLatitude - latitude) * radians) / 2) ** 2 +
      Math.cos(latitude * radians) *
        Math.cos(otherLatitude * radians) *
        Math.sin(((other - longitude) * radians) / 2) ** 2;
    return (3600 * 2 * Math.asin(Math.sqrt(share))) / radians;
  };
  return [apart(0, 1), apart(2, 3)];
}

/** What should be known of maps whose pixels are not of one size. */
export function scaleNotes(maps: readonly ScaledMap[]): readonly string[] {
  const known = maps.flatMap((map) => {
    const scale = pixelScale(map);
    return scale === undefined ? [] : [{ name: map.name, scale }];
  });
  const sorted = known.toSorted((a, b) => a.scale - b.scale);
  const [finest, coarsest] = [sorted[0], sorted.at(-1)];
  if (finest === undefined || coarsest === undefined || coarsest.scale <= (1 + sizeTolerance) * finest.scale) return [];
  const others = maps.filter(({ name }) => !known.some((each) => each.name === name)).map(({ name }) => name);
  const unknown = others.length === 0 ? "" : ` (of ${namesText(others)} it is not known)`;
  return [
    `pixels are not of one size: ${shown(finest)}, ${shown(coarsest)}${unknown}; a patch shows so much more of the sky in one map than in the other. Resample the maps to one scale if filaments should look alike.`,
  ];
}

function shown({ name, scale }: { readonly name: string; readonly scale: number }): string {
  return `${Number(scale.toPrecision(4))}" in ${name}`;
}
