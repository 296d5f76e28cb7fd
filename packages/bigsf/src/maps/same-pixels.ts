/** Whether two maps show the same sky pixel by pixel. Wherever two maps meet, this decides. */
import { literal, schema } from "@ml-mosaic/configurable";
import { FitsError, getNumber, getValue, type Header } from "@ml-mosaic/fits";
import { coordinatesOf, type Degrees, type Linear, type MapOfSky, type Sky } from "./coordinates.ts";

/** What is done where coordinates contradict each other. */
export const coordinateChecks = ["check", "ignore", "resample"] as const;
export type CoordinateCheck = (typeof coordinateChecks)[number];

export const coordinatesOption = schema(literal(...coordinateChecks), {
  default: "check",
  help: "Maps that do not lie on the image by their coordinates are refused (check), taken pixel by pixel all the same (ignore), or resampled to its pixels (resample)",
});

/** Apart by more than this, in pixels, and maps do not lie on each other. */
const tolerance = 0.5;

/**
 * Compares shapes and coordinates. A map whose header says nothing of coordinates contradicts none.
 *
 * @returns what is wrong, and what to do; undefined where nothing is
 */
export function mapConflict(image: MapOfSky, other: MapOfSky, check: CoordinateCheck = "check"): string | undefined {
  const difference = differenceOf(image, other, check);
  if (difference === undefined) return undefined;
  const remedies = {
    swapped: "its axes are swapped: transpose it",
    shape: "give maps of the same pixels, or coordinates: resample where the headers are right",
    coordinates:
      "give maps of the same pixels, or coordinates: ignore where the header is wrong and the pixels are right, resample where the header is right",
  } as const;
  return `${difference.text}; ${remedies[difference.kind]}`;
}

/** The same of a map of intensities, which is resampled in a way that somebody has chosen, and never without a word. */
export function channelConflict(image: MapOfSky, channel: MapOfSky, check: CoordinateCheck): string | undefined {
  const difference = differenceOf(image, channel, check === "resample" ? "check" : check);
  if (difference === undefined) return undefined;
  const wrong = difference.kind === "coordinates" ? ", or coordinates: ignore where its header is wrong" : "";
  return `${difference.text}; bigsf reproject ${channel.path} --onto ${image.path} brings it there${wrong}`;
}

interface Difference {
  readonly kind: "swapped" | "shape" | "coordinates";
  readonly text: string;
}

function differenceOf(image: MapOfSky, other: MapOfSky, check: CoordinateCheck): Difference | undefined {
  const [height, width] = image.shape;
  const [rows, columns] = other.shape;
  if (rows !== height || columns !== width) {
    const swapped = rows === width && columns === height;
    const text = `${other.path} has ${shapeText(other.shape)}, but the image ${image.path} has ${shapeText(image.shape)}`;
    return { kind: swapped ? "swapped" : "shape", text };
  }
  const conflict = check === "ignore" ? undefined : coordinateConflict(image, other);
  if (conflict === undefined) return undefined;
  return { kind: "coordinates", text: `${other.path} does not lie on the image ${image.path}: ${conflict}` };
}

function shapeText([height, width]: readonly [number, number]): string {
  return `${height} rows of ${width} pixels`;
}

function coordinateConflict(image: MapOfSky, other: MapOfSky): string | undefined {
  const [first, second] = [coordinatesOf(image), coordinatesOf(other)];
  if (first === undefined || second === undefined) return undefined;
  if (first.kind === "sky" && second.kind === "sky") return skyConflict(first, second, image.shape);
  if (first.kind === "linear" && second.kind === "linear") return linearConflict(first, second, image.shape);
  // Whatever only counts pixels says nothing of the sky.
  if ([first, second].some((each) => each.kind === "linear" && each.countsPixels)) return undefined;
  return cardConflict(image, other);
}

/** Corners, sides and centre; in the middle of pixels. Of a map of the whole sky the corners may be no sky. */
function samples([height, width]: readonly [number, number]): { x: Float64Array; y: Float64Array } {
  const along = [0, 0.25, 0.5, 0.75, 1];
  const points = along.flatMap((v) => along.map((u) => [Math.round(u * (width - 1)), Math.round(v * (height - 1))]));
  return {
    x: Float64Array.from(points, ([x = 0]) => x),
    y: Float64Array.from(points, ([, y = 0]) => y),
  };
}

function skyConflict(image: Sky, other: Sky, shape: readonly [number, number]): string | undefined {
  const isOneSky = image.frame === other.frame;
  const { x, y } = samples(shape);
  const [here, there] = [image.at(x, y), other.at(x, y)];
  const [mine, theirs] = isOneSky ? [directions, directions] : [image.toJ2000, other.toJ2000];
  if (mine === undefined || theirs === undefined)
    return `its coordinates are ${other.names.join(" and ")}, the image's ${image.names.join(" and ")}`;
  const beside = (dx: number, dy: number) => {
    const { first, second } = image.at(
      x.map((value) => value + dx),
      y.map((value) => value + dy),
    );
    return mine(first, second);
  };
  const [a, b] = [mine(here.first, here.second), theirs(there.first, there.second)];
  const [right, above] = [beside(1, 0), beside(0, 1)];
  const apart = Array.from(x, (_, i) => {
    const size = Math.min(angle(a, right, i), angle(a, above, i));
    // Beside the edge of a full-sky map the next pixel may be none.
    return angle(a, b, i) / (Number.isNaN(size) ? Math.max(angle(a, right, i), angle(a, above, i)) : size);
  });
  if (apart.every(Number.isNaN)) {
    const neither = [here, there].some(({ first }) => first.every(Number.isNaN));
    return neither ? undefined : "no pixel has a place on the sky in both headers";
  }
  return apartText(apart, x, y, { names: image.names, values: here }, { names: other.names, values: there }, "°");
}

function linearConflict(image: Linear, other: Linear, shape: readonly [number, number]): string | undefined {
  const { x, y } = samples(shape);
  const unnamed = (name: string) => (/^(LINEAR|PIXEL|)$/i.test(name) ? "" : name);
  for (const axis of [0, 1] as const) {
    const [mine, theirs] = [unnamed(image.names[axis]), unnamed(other.names[axis])];
    if (mine !== "" && theirs !== "" && mine !== theirs)
      return `its coordinate is ${theirs} where the image has ${mine}`;
  }
  const [here, there] = [image.at(x, y), other.at(x, y)];
  const one = image.at(Float64Array.of(0, 1, 0), Float64Array.of(0, 0, 1));
  const step = (to: number) =>
    Math.hypot((one.first[to] ?? 0) - (one.first[0] ?? 0), (one.second[to] ?? 0) - (one.second[0] ?? 0));
  const size = Math.min(step(1), step(2));
  const apart = Array.from(
    x,
    (_, i) =>
      Math.hypot((here.first[i] ?? 0) - (there.first[i] ?? 0), (here.second[i] ?? 0) - (there.second[i] ?? 0)) / size,
  );
  return apartText(apart, x, y, { names: image.names, values: here }, { names: other.names, values: there }, "");
}

interface Placed {
  readonly names: readonly [string, string];
  readonly values: Degrees;
}

/** The pixel that is farthest off, where both headers have it, and how far. */
function apartText(
  apart: readonly number[],
  x: Float64Array,
  y: Float64Array,
  image: Placed,
  other: Placed,
  unit: string,
): string | undefined {
  const known = apart.map((each) => (Number.isNaN(each) ? -1 : each));
  const most = Math.max(...known);
  if (most <= tolerance) return undefined;
  const at = known.indexOf(most);
  const show = ({ names, values }: Placed) =>
    [values.first, values.second]
      .map((axis, i) => `${names[i] === "" ? "" : `${names[i]} `}${Number((axis[at] ?? 0).toFixed(5))}${unit}`)
      .join(", ");
  const pixels = most < 10 ? most.toFixed(1) : most.toFixed(0);
  return `the pixel in row ${y[at]}, column ${x[at]} is at ${show(image)} in the image but at ${show(other)} in this map, ${pixels} pixels apart`;
}

function directions(longitude: Float64Array, latitude: Float64Array): Float64Array {
  const vectors = new Float64Array(3 * longitude.length);
  for (const [i, lon] of longitude.entries()) {
    const [a, d] = [(lon * Math.PI) / 180, ((latitude[i] ?? Number.NaN) * Math.PI) / 180];
    vectors.set([Math.cos(d) * Math.cos(a), Math.cos(d) * Math.sin(a), Math.sin(d)], 3 * i);
  }
  return vectors;
}

/** Between directions number i, in radians; exact for small ones. */
function angle(a: Float64Array, b: Float64Array, i: number): number {
  const parts = [0, 1, 2].map((axis) => (a[3 * i + axis] ?? 0) - (b[3 * i + axis] ?? 0));
  return 2 * Math.asin(Math.min(1, Math.hypot(...parts) / 2));
}

/** Everything that places pixels, of which at least one header cannot be computed. */
const PLACING = /^(?:CTYPE|CRPIX|CRVAL|CDELT|CROTA|CUNIT)\d$|^(?:PC|CD)\d+_?\d+$|^PV\d_\d+$|^(?:LON|LAT)POLE$/;

function cardConflict(image: MapOfSky, other: MapOfSky): string | undefined {
  const keywords = [...image.header.cards, ...other.header.cards].map(({ keyword }) => keyword);
  for (const keyword of new Set(keywords.filter((each) => PLACING.test(each)))) {
    const [mine, theirs] = [placingValue(image.header, keyword), placingValue(other.header, keyword)];
    if (mine === undefined || theirs === undefined || isNear(keyword, mine, theirs)) continue;
    const shown = (value: string | number) =>
      typeof mine === typeof theirs || typeof value === "number" ? value : `the text "${value}"`;
    return `its ${keyword} is ${shown(theirs)}, the image's ${shown(mine)}`;
  }
  return undefined;
}

function placingValue(header: Header, keyword: string): string | number | undefined {
  try {
    const value = getValue(header, keyword);
    return typeof value === "string" ? value.trim() : getNumber(header, keyword);
  } catch (error) {
    if (error instanceof FitsError) return undefined;
    throw error;
  }
}

function isNear(keyword: string, a: string | number, b: string | number): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  if (keyword.startsWith("CRPIX")) return Math.abs(a - b) <= tolerance;
  return Math.abs(a - b) <= 1e-7 * Math.max(Math.abs(a), Math.abs(b));
}
