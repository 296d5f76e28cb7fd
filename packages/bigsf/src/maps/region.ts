import { component, configurable, float, list, literal, type Objection, schema } from "@ml-mosaic/configurable";
import { emptyHeader, type SkyFrame, setCard, skyFrame } from "@ml-mosaic/fits";
import { BigsfError } from "../errors.ts";
import { coordinatesOf, type Sky } from "./coordinates.ts";
import type { Plane } from "./plane.ts";

const range = schema(list(float), { optional: true, help: "" });
const ranges = ["x", "y", "longitude", "latitude"] as const;

/** A part of a map in a configuration: a box of pixels or of coordinates. */
export class Region extends configurable({
  x: { ...range, help: "Columns [from, to], counted from 0, without the last" },
  y: { ...range, help: "Rows [from, to], counted from 0, without the last" },
  longitude: { ...range, help: "Degrees [from, to], instead of x and y" },
  latitude: { ...range, help: "Degrees [from, to]" },
  frame: schema(literal("own", "galactic", "icrs"), {
    default: "own",
    help: "Of longitude and latitude: that of the map, Galactic, or ICRS (RA and Dec)",
  }),
}) {
  override *preconditions(): Iterable<Objection> {
    const [byPixels, bySky] = [this.x ?? this.y, this.longitude ?? this.latitude];
    if (byPixels === undefined && bySky === undefined) yield "expected x and y, or longitude and latitude";
    if (byPixels !== undefined && bySky !== undefined)
      yield "has both pixels (x, y) and degrees (longitude, latitude); leave one of them out";
    if (bySky !== undefined && (this.longitude === undefined || this.latitude === undefined))
      yield "expected both longitude and latitude";
    if (bySky === undefined && this.frame !== "own") yield { option: "frame", message: "is of longitude and latitude" };
    for (const option of ranges) {
      const [from, to, ...more] = this[option] ?? [0, 1];
      const isPixel = option === "x" || option === "y";
      if (from === undefined || to === undefined || more.length > 0 || from === to)
        yield { option, message: "expected two numbers, [from, to], that differ" };
      else if (isPixel && !(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && to > from))
        yield { option, message: `expected whole numbers, from 0 on and rising, got [${from}, ${to}]` };
      else if (option === "latitude" && Math.max(Math.abs(from), Math.abs(to)) > 90)
        yield { option, message: `expected degrees from -90 to 90, got [${from}, ${to}]` };
    }
  }
}

export const regionOption = schema(component(Region), {
  optional: true,
  help: "Part of the map that is taken, a box of pixels or of coordinates; all of it by default",
});

/** Rows and columns, ends exclusive. */
export interface PixelBox {
  readonly y0: number;
  readonly y1: number;
  readonly x0: number;
  readonly x1: number;
}

type MapPlane = Pick<Plane, "path" | "header" | "shape" | "axes">;

/**
 * The pixels of a map whose centres are in the region; of coordinates, those of the smallest box of pixels that has all
 * of them.
 *
 * @throws BigsfError `MAP` where the map has nothing of the region
 */
export function regionBox(region: Region, map: MapPlane): PixelBox {
  const [height, width] = map.shape;
  const box =
    region.longitude === undefined
      ? { x0: region.x?.[0] ?? 0, x1: region.x?.[1] ?? width, y0: region.y?.[0] ?? 0, y1: region.y?.[1] ?? height }
      : skyBox(region, map);
  const clipped = {
    y0: Math.max(0, box.y0),
    y1: Math.min(height, box.y1),
    x0: Math.max(0, box.x0),
    x1: Math.min(width, box.x1),
  };
  const isWhole = region.longitude !== undefined || (box.x1 <= width && box.y1 <= height);
  if (clipped.y1 <= clipped.y0 || clipped.x1 <= clipped.x0 || !isWhole) {
    throw new BigsfError(
      "MAP",
      `it is rows ${box.y0} to ${box.y1}, columns ${box.x0} to ${box.x1}, but ${map.path} has ${height} rows of ${width} pixels${extentText(map)}; give a region within the map`,
    );
  }
  return clipped;
}

/** Points along each side of a box of coordinates: its edges are bent lines of pixels. */
const samples = 65;

function skyBox(region: Region, map: MapPlane): PixelBox {
  const sky = coordinatesOf(map);
  if (sky?.kind !== "sky") {
    throw new BigsfError(
      "MAP",
      `the header of ${map.path} does not tell longitude and latitude; give x and y, in pixels`,
    );
  }
  const [[west, east], [south, north]] = [arc(region.longitude ?? []), ordered(region.latitude ?? [])];
  const points = Array.from({ length: samples ** 2 }, (_, place) => [
    west + ((east - west) * (place % samples)) / (samples - 1),
    south + ((north - south) * Math.floor(place / samples)) / (samples - 1),
  ]);
  const longitude = Float64Array.from(points, ([each = 0]) => each);
  const latitude = Float64Array.from(points, ([, each = 0]) => each);
  const { x, y } = toPixels(sky, region.frame, longitude, latitude, map.path);
  const [columns, rows] = [x.filter(Number.isFinite), y.filter(Number.isFinite)];
  if (columns.length === 0) {
    throw new BigsfError("MAP", `nothing of it is in the projection of ${map.path}${extentText(map)}`);
  }
  const least = (values: Float64Array) => Math.ceil(values.reduce((a, b) => Math.min(a, b)));
  const most = (values: Float64Array) => Math.floor(values.reduce((a, b) => Math.max(a, b)));
  const box = { x0: least(columns), x1: most(columns) + 1, y0: least(rows), y1: most(rows) + 1 };
  // A pixel more on each side, since edges bend between the points.
  const [height, width] = map.shape;
  const onMap = {
    x0: Math.max(0, box.x0 - 1),
    x1: Math.min(width, box.x1 + 1),
    y0: Math.max(0, box.y0 - 1),
    y1: Math.min(height, box.y1 + 1),
  };
  if (onMap.x0 >= onMap.x1 || onMap.y0 >= onMap.y1) return box;
  const turned = region.frame === "own" ? undefined : skyOf(region.frame);
  const isInside = (x: Float64Array, y: Float64Array) => {
    const { first, second } = sky.at(x, y);
    const vectors = turned && sky.toJ2000?.(first, second);
    const own = (vectors && turned?.fromJ2000?.(vectors)) ?? { longitude: first, latitude: second };
    return own.longitude.some((each, i) => {
      const [along, up] = [(((each - west + nearby) % 360) + 360) % 360, own.latitude[i] ?? Number.NaN];
      return along <= east - west + 2 * nearby && up >= south - nearby && up <= north + nearby;
    });
  };
  const found = trimmed(onMap, isInside);
  if (found !== undefined) return found;
  throw new BigsfError("MAP", `the centre of no pixel of ${map.path} is in it${extentText(map)}`);
}

/** Degrees by which a centre on the edge may miss it by rounding. */
const nearby = 1e-9;

/** The smallest box of those pixels of a box that are inside; undefined where none is. */
function trimmed(box: PixelBox, isInside: (x: Float64Array, y: Float64Array) => boolean): PixelBox | undefined {
  let { x0, x1, y0, y1 } = box;
  const row = (y: number) =>
    isInside(
      Float64Array.from({ length: x1 - x0 }, (_, i) => x0 + i),
      new Float64Array(x1 - x0).fill(y),
    );
  const column = (x: number) =>
    isInside(
      new Float64Array(y1 - y0).fill(x),
      Float64Array.from({ length: y1 - y0 }, (_, i) => y0 + i),
    );
  while (y0 < y1 && !row(y0)) y0++;
  if (y0 === y1) return undefined;
  while (!row(y1 - 1)) y1--;
  while (!column(x0)) x0++;
  while (!column(x1 - 1)) x1--;
  return { x0, x1, y0, y1 };
}

function toPixels(sky: Sky, frame: Region["frame"], longitude: Float64Array, latitude: Float64Array, path: string) {
  if (frame === "own") return sky.pixelsOf(longitude, latitude);
  const { toJ2000 } = skyOf(frame);
  const vectors = toJ2000?.(longitude, latitude);
  if (vectors === undefined || sky.fromJ2000 === undefined)
    throw new BigsfError("MAP", `${path} has ${sky.names.join(" and ")}, which cannot be had from ${frame}`);
  const own = sky.fromJ2000(vectors);
  return sky.pixelsOf(own.longitude, own.latitude);
}

function skyOf(frame: Exclude<Region["frame"], "own">): SkyFrame {
  return skyFrame(emptyHeader, frame === "galactic" ? "GLON" : "RA");
}

/** Two longitudes in either order; those of [359, 1] are two degrees apart, through 0. */
function arc([from = 0, to = 0]: readonly number[]): readonly [number, number] {
  return from - to > 180 ? [from - 360, to] : ordered([from, to]);
}

function ordered([from = 0, to = 0]: readonly number[]): readonly [number, number] {
  return from <= to ? [from, to] : [to, from];
}

/** Where the corners of a map are, for messages. */
function extentText(map: MapPlane): string {
  const sky = coordinatesOf(map);
  if (sky?.kind !== "sky") return "";
  const [height, width] = map.shape;
  const { first, second } = sky.at(Float64Array.of(0, width - 1), Float64Array.of(0, height - 1));
  const shown = (corner: number) =>
    [first, second].map((axis, i) => `${sky.names[i]} ${Number((axis[corner] ?? 0).toFixed(4))}°`).join(", ");
  return `, from ${shown(0)} to ${shown(1)}`;
}

/** Keywords of the reference pixel of an axis, also of alternate descriptions. */
function referenceKeywords(map: MapPlane, axis: number): readonly string[] {
  const pattern = new RegExp(`^CRPIX${axis}[A-Z]?$`, "i");
  const there = map.header.cards.map(({ keyword }) => keyword).filter((keyword) => pattern.test(keyword));
  const isDescribed = map.header.cards.some(({ keyword }) =>
    new RegExp(`^(?:CTYPE|CRVAL|CDELT)${axis}$`, "i").test(keyword),
  );
  return there.length > 0 || !isDescribed ? there : [`CRPIX${axis}`];
}

/** A part of a map as if it were a map: its reference pixel is moved, so that coordinates stay where they are. */
export function cutPlane(plane: Plane, { y0, y1, x0, x1 }: PixelBox): Plane {
  const [columnAxis, rowAxis] = plane.axes;
  const place = (axis: number) => plane.imageShape.length - axis;
  const imageShape = plane.imageShape.map((length, i) => {
    if (i === place(columnAxis)) return x1 - x0;
    return i === place(rowAxis) ? y1 - y0 : length;
  });
  let { header } = plane;
  for (const [axis, shift] of [
    [columnAxis, x0],
    [rowAxis, y0],
  ] as const) {
    for (const keyword of referenceKeywords(plane, axis)) {
      const value = header.cards.find((card) => card.keyword === keyword)?.value;
      header = setCard(header, keyword, (typeof value === "number" ? value : 0) - shift);
    }
  }
  return {
    ...plane,
    header,
    shape: [y1 - y0, x1 - x0],
    imageShape,
    section: (top, bottom, left, right) => plane.section(y0 + top, y0 + bottom, x0 + left, x0 + right),
    digest: async () => `${await plane.digest()}[${y0}:${y1},${x0}:${x1}]`,
  };
}
