import { FitsError, type Header, readCelestialWcs } from "@ml-mosaic/fits";
import { namesText } from "./source-map.ts";

export interface ScaledMap {
  readonly name: string;
  readonly header: Header | undefined;
  readonly shape: readonly [height: number, width: number];
}

/** Pixels of two maps whose sides differ by more than this share are of another size. */
const tolerance = 0.03;

/** Side of the pixel in the middle of a map, in arc seconds; undefined where the header does not tell it. */
export function pixelScale({ header, shape: [height, width] }: Omit<ScaledMap, "name">): number | undefined {
  if (header === undefined) return undefined;
  try {
    const wcs = readCelestialWcs(header);
    if (wcs === null) return undefined;
    const [x, y] = [(width - 1) / 2, (height - 1) / 2];
    const { longitude, latitude } = wcs.pixelToSky([x - 0.5, x + 0.5, x, x], [y, y, y - 0.5, y + 0.5]);
    const apart = (a: number, b: number) => {
      const [lat, dLat] = [latitude[a] ?? 0, (latitude[b] ?? 0) - (latitude[a] ?? 0)];
      const dLon = ((((longitude[b] ?? 0) - (longitude[a] ?? 0) + 540) % 360) - 180) * Math.cos((lat * Math.PI) / 180);
      return 3600 * Math.hypot(dLon, dLat);
    };
    const side = Math.sqrt(apart(0, 1) * apart(2, 3));
    return side > 0 ? side : undefined;
  } catch (error) {
    if (error instanceof FitsError) return undefined;
    throw error;
  }
}

/** What should be known of maps whose pixels are not of one size. */
export function scaleNotes(maps: readonly ScaledMap[]): readonly string[] {
  const known = maps.flatMap((map) => {
    const scale = pixelScale(map);
    return scale === undefined ? [] : [{ name: map.name, scale }];
  });
  const sorted = known.toSorted((a, b) => a.scale - b.scale);
  const [finest, coarsest] = [sorted[0], sorted.at(-1)];
  if (finest === undefined || coarsest === undefined || coarsest.scale <= (1 + tolerance) * finest.scale) return [];
  const others = maps.filter(({ name }) => !known.some((each) => each.name === name)).map(({ name }) => name);
  const unknown = others.length === 0 ? "" : ` (of ${namesText(others)} it is not known)`;
  return [
    `pixels are not of one size: ${shown(finest)}, ${shown(coarsest)}${unknown}; a patch shows so much more of the sky in one map than in the other. Resample the maps to one scale if filaments should look alike.`,
  ];
}

function shown({ name, scale }: { readonly name: string; readonly scale: number }): string {
  return `${Number(scale.toPrecision(4))}" in ${name}`;
}
