/** Numbers and titles along the sides of a map: celestial coordinates where the header has them, else pixels. */
import { FitsError, type Header, readCelestialWcs } from "@ml-mosaic/fits";
import { numeral, roundValues, type Tick } from "./ticks.ts";

export interface Axis {
  readonly title: string;
  /** `at` in pixels of the map; 0 is the centre of the first. */
  readonly ticks: readonly Tick[];
}

export interface MapAxes {
  /** Along the lower edge. */
  readonly x: Axis;
  /** Along the left edge. */
  readonly y: Axis;
  /** Whether they are coordinates of the sky. */
  readonly isSky: boolean;
}

export interface AxesOptions {
  readonly header?: Header | undefined;
  readonly mapShape: readonly [height: number, width: number];
  /** First and one after the last column that is drawn. */
  readonly columns: readonly [number, number];
  /** At most about so many numbers along each side. */
  readonly most: readonly [x: number, y: number];
}

export function mapAxes({ header, mapShape: [height], columns, most }: AxesOptions): MapAxes {
  const [left, right] = columns;
  const sky = header === undefined ? undefined : skyAxes(header, height, columns, most);
  return (
    sky ?? {
      x: { title: "x [pixel]", ticks: pixelTicks(left, right, most[0]) },
      y: { title: "y [pixel]", ticks: pixelTicks(0, height, most[1]) },
      isSky: false,
    }
  );
}

function pixelTicks(start: number, stop: number, most: number): readonly Tick[] {
  const { values } = roundValues(start, stop - 1, most);
  return values.filter(Number.isInteger).map((at) => ({ at, label: String(at) }));
}

const SAMPLES = 65;

function skyAxes(
  header: Header,
  height: number,
  [left, right]: readonly [number, number],
  most: readonly [number, number],
): MapAxes | undefined {
  const wcs = readWcs(header);
  if (wcs === null) return undefined;
  const along = (start: number, stop: number) =>
    Float64Array.from({ length: SAMPLES }, (_, i) => start - 0.5 + ((stop - start) * i) / (SAMPLES - 1));
  const xs = along(left, right);
  const ys = along(0, height);
  const lower = wcs.pixelToSky(xs, new Float64Array(SAMPLES).fill(-0.5));
  const sideAt = (column: number) => wcs.pixelToSky(new Float64Array(SAMPLES).fill(column), ys);
  // The edge of a map of the whole sky may lie beyond it.
  const edge = sideAt(left - 0.5);
  const side = edge.longitude.some(Number.isNaN) ? sideAt((left + right) / 2) : edge;
  const swapped = wcs.longitudeAxis > wcs.latitudeAxis;
  const [x, y] = swapped ? [lower.latitude, side.longitude] : [lower.longitude, side.latitude];
  const xTicks = skyTicks(xs, swapped ? x : unwrapped(x), most[0], !swapped);
  const yTicks = skyTicks(ys, swapped ? unwrapped(y) : y, most[1], swapped);
  if (xTicks.length === 0 || yTicks.length === 0) return undefined;
  const [xName, yName] = swapped ? [wcs.latitudeName, wcs.longitudeName] : [wcs.longitudeName, wcs.latitudeName];
  return { x: { title: axisTitle(xName), ticks: xTicks }, y: { title: axisTitle(yName), ticks: yTicks }, isSky: true };
}

/** A header whose coordinates cannot be computed still has pixels. */
function readWcs(header: Header) {
  try {
    return readCelestialWcs(header);
  } catch (error) {
    if (error instanceof FitsError) return null;
    throw error;
  }
}

/** Longitudes without the jump at 360 degrees. */
function unwrapped(degrees: Float64Array): Float64Array {
  let turn = 0;
  return degrees.map((value, i) => {
    const step = value - (degrees[i - 1] ?? Number.NaN);
    if (step > 180) turn -= 360;
    if (step < -180) turn += 360;
    return value + turn;
  });
}

/**
 * Where round coordinates lie on an edge, as far as there is sky, by linear interpolation; none where the coordinate turns
 * back on it.
 */
function skyTicks(edge: Float64Array, sky: Float64Array, most: number, isLongitude: boolean): readonly Tick[] {
  const start = sky.findIndex((value) => !Number.isNaN(value));
  const stop = sky.findLastIndex((value) => !Number.isNaN(value)) + 1;
  if (start < 0) return [];
  const [pixels, degrees] = [edge.subarray(start, stop), sky.subarray(start, stop)];
  const [first = Number.NaN] = degrees;
  const last = degrees.at(-1) ?? Number.NaN;
  const rising = last > first;
  const monotone = degrees.every((value, i) => i === 0 || value > (degrees[i - 1] ?? 0) === rising);
  if (!monotone || !Number.isFinite(last - first)) return [];
  const { values, decimals } = roundValues(Math.min(first, last), Math.max(first, last), most);
  return values.map((value) => {
    const after = Math.max(
      1,
      degrees.findIndex((each) => (rising ? each >= value : each <= value)),
    );
    const [from, to] = [degrees[after - 1] ?? 0, degrees[after] ?? 0];
    const before = pixels[after - 1] ?? 0;
    const at = before + ((value - from) / (to - from)) * ((pixels[after] ?? 0) - before);
    const shown = isLongitude ? ((value % 360) + 360) % 360 : value;
    return { at, label: `${numeral(shown, decimals)}°` };
  });
}

const TITLES: Readonly<Record<string, string>> = {
  GLON: "Galactic longitude",
  GLAT: "Galactic latitude",
  RA: "Right ascension",
  DEC: "Declination",
  ELON: "Ecliptic longitude",
  ELAT: "Ecliptic latitude",
};

function axisTitle(name: string): string {
  return TITLES[name] ?? name;
}
