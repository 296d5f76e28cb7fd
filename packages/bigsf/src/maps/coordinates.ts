/** Where on the sky, or on other axes, the pixels of a map are. */
import {
  FitsError,
  type PixelPoints,
  type PixelStep,
  readCelestialWcs,
  readLinearWcs,
  type SkyFrame,
  skyFrame,
} from "@ml-mosaic/fits";
import type { Plane } from "./plane.ts";

/** What is asked of a map. */
export type MapOfSky = Pick<Plane, "path" | "header" | "shape" | "axes">;

export interface Sky {
  readonly kind: "sky";
  /** Of longitude and latitude, such as `GLON` and `GLAT`. */
  readonly names: readonly [string, string];
  readonly frame: string;
  readonly at: (x: Float64Array, y: Float64Array) => Degrees;
  /** The way back, to columns and rows; NaN where a point is not in the map's projection. */
  readonly pixelsOf: (longitude: Float64Array, latitude: Float64Array) => PixelPoints;
  /** How many columns farther the sky comes again, in maps whose columns are longitudes. */
  readonly turn: number | undefined;
  readonly toJ2000: SkyFrame["toJ2000"];
  readonly fromJ2000: SkyFrame["fromJ2000"];
}

export interface Linear {
  readonly kind: "linear";
  readonly names: readonly [string, string];
  readonly countsPixels: boolean;
  readonly at: (x: Float64Array, y: Float64Array) => Degrees;
  readonly pixelsOf: (first: Float64Array, second: Float64Array) => PixelPoints;
}

/** The header has coordinates that cannot be computed. */
export interface Unknown {
  readonly kind: "unknown";
}

export interface Degrees {
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/** @returns undefined where the header says nothing of coordinates */
export function coordinatesOf({ header, axes }: Pick<MapOfSky, "header" | "axes">): Sky | Linear | Unknown | undefined {
  try {
    const wcs = readCelestialWcs(header);
    const numbers = [wcs?.longitudeAxis, wcs?.latitudeAxis];
    if (wcs !== null && axes.every((axis) => numbers.includes(axis))) {
      // Where rows are the earlier axis, the header's x goes along them.
      const turned = axes[0] > axes[1];
      return {
        kind: "sky",
        names: [wcs.longitudeName, wcs.latitudeName],
        frame: wcs.sky.name,
        at(x, y) {
          const { longitude, latitude } = turned ? wcs.pixelToSky(y, x) : wcs.pixelToSky(x, y);
          return { first: longitude, second: latitude };
        },
        pixelsOf(longitude, latitude) {
          const { x, y } = wcs.skyToPixel(longitude, latitude);
          return turned ? { x: y, y: x } : { x, y };
        },
        turn: wcs.turn && columnsOf(turned ? { x: wcs.turn.y, y: wcs.turn.x } : wcs.turn),
        toJ2000: wcs.sky.toJ2000,
        fromJ2000: wcs.sky.fromJ2000,
      };
    }
    const linear = readLinearWcs(header, axes);
    if (linear === null) return undefined;
    const at = (x: Float64Array, y: Float64Array) => {
      const world = linear.toWorld(x, y);
      return { first: world.x, second: world.y };
    };
    // Longitude and latitude without a projection are so many degrees a pixel.
    if (/^(?:RA|.LON)$/.test(linear.names[0]) && /^(?:DEC|.LAT)$/.test(linear.names[1])) {
      const { name, toJ2000, fromJ2000 } = skyFrame(header, linear.names[0]);
      const { x, y } = linear.toPixel([0, 360], [0, 0]);
      const turn = columnsOf({ x: (x[1] ?? 0) - (x[0] ?? 0), y: (y[1] ?? 0) - (y[0] ?? 0) });
      return { kind: "sky", names: linear.names, frame: name, at, pixelsOf: linear.toPixel, turn, toJ2000, fromJ2000 };
    }
    return {
      kind: "linear",
      names: linear.names,
      countsPixels: linear.countsPixels,
      at,
      pixelsOf: linear.toPixel,
    };
  } catch (error) {
    if (error instanceof FitsError) return { kind: "unknown" };
    throw error;
  }
}

/** Undefined where a turn goes along the rows too. */
function columnsOf({ x, y }: PixelStep): number | undefined {
  return Math.abs(y) < 1e-6 ? Math.abs(x) : undefined;
}
