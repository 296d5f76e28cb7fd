/** What filaments a synthetic map holds. */
import { createFits, makeHeader, type TableColumn } from "@ml-mosaic/fits";
import { type SpinePoint, spinesNear } from "./filaments.ts";
import type { SampleOptions } from "./sample-rows.ts";

/** A filament or a branch, as far as it lies in the map; lengths in pixels. */
export interface TrueFilament {
  readonly points: readonly SpinePoint[];
  readonly length: number;
  /** Full width at half maximum as it is drawn, without the beam: mean along the spine. */
  readonly width: number;
  /** Height over the background, in parts of it: mean along the spine. */
  readonly contrast: number;
  /** Mean direction, in degrees from that of the rows towards rising rows. */
  readonly angle: number;
  /** Mean absolute curvature, in radians a pixel. */
  readonly curvature: number;
}

/** Pixels of the shortest that is one. */
const shortest = 5;

export function* trueFilaments({ height, width, seed }: SampleOptions): Generator<TrueFilament> {
  for (const spine of spinesNear({ seed, width, y0: 0, y1: height })) {
    let inside: SpinePoint[] = [];
    for (const point of [...spine, undefined]) {
      const isInside =
        point !== undefined && point.x >= 0 && point.y >= 0 && point.x <= width - 1 && point.y <= height - 1;
      if (isInside) inside.push(point);
      else {
        if (inside.length > shortest) yield describeSpine(inside);
        inside = [];
      }
    }
  }
}

/** What a spine is on the whole. */
export function describeSpine(points: readonly SpinePoint[]): TrueFilament {
  let [length, width, contrast, sines, cosines, turned] = [0, 0, 0, 0, 0, 0];
  let before: number | undefined;
  for (const [index, { x, y, contrast: height }] of points.entries()) {
    width += drawnWidth(points, index) / points.length;
    contrast += height / points.length;
    const last = points[index - 1];
    if (last === undefined) continue;
    const heading = Math.atan2(y - last.y, x - last.x);
    length += Math.hypot(x - last.x, y - last.y);
    sines += Math.sin(2 * heading);
    cosines += Math.cos(2 * heading);
    if (before !== undefined) turned += Math.abs(Math.atan2(Math.sin(heading - before), Math.cos(heading - before)));
    before = heading;
  }
  const angle = (Math.atan2(sines, cosines) * 90) / Math.PI;
  return { points, length, width, contrast, angle: angle < 0 ? angle + 180 : angle, curvature: turned / length };
}

/** Points whose Gaussians reach as far. */
const neighbours = 12;

/** Of all Gaussians along a spine the highest counts, and so a wide neighbour widens what is narrow. */
function drawnWidth(points: readonly SpinePoint[], index: number): number {
  const near = points.slice(Math.max(0, index - neighbours), index + neighbours + 1);
  const here = points[index];
  if (here === undefined) return Number.NaN;
  const heightAt = (offset: number) => {
    let highest = 0;
    for (const { x, y, sigma, contrast } of near) {
      const squared = (x - here.x) ** 2 + (y - here.y) ** 2 + offset * offset;
      highest = Math.max(highest, contrast * Math.exp(-squared / (2 * sigma * sigma)));
    }
    return highest;
  };
  const half = heightAt(0) / 2;
  let [low, high] = [0, 20];
  while (heightAt(high) > half) high *= 2;
  while (high - low > 0.01) {
    const middle = (low + high) / 2;
    if (heightAt(middle) > half) low = middle;
    else high = middle;
  }
  return low + high;
}

/** Writes them as a FITS binary table. */
export async function writeTruth(path: string, options: SampleOptions, overwrite: boolean): Promise<void> {
  const filaments = [...trueFilaments(options)];
  const numbers = (of: (filament: TrueFilament) => number | undefined) =>
    Float64Array.from(filaments, (filament) => of(filament) ?? Number.NaN);
  const columns: readonly TableColumn[] = [
    { name: "id", values: Int32Array.from(filaments, (_, i) => i + 1), description: "Number" },
    ...(["x", "y"] as const).flatMap((axis) => [
      { name: `${axis}_start`, unit: "pixel", values: numbers(({ points }) => points[0]?.[axis]) },
      { name: axis, unit: "pixel", values: numbers(({ points }) => points[points.length >> 1]?.[axis]) },
      { name: `${axis}_end`, unit: "pixel", values: numbers(({ points }) => points.at(-1)?.[axis]) },
    ]),
    { name: "length_pixels", unit: "pixel", values: numbers(({ length }) => length) },
    {
      name: "width_pixels",
      unit: "pixel",
      values: numbers(({ width }) => width),
      description: "Full width at half maximum as drawn, without the beam, mean along the spine",
    },
    { name: "contrast", values: numbers(({ contrast }) => contrast), description: "Mean along the spine" },
    { name: "pixel_angle", unit: "deg", values: numbers(({ angle }) => angle) },
    { name: "curvature", unit: "rad/pixel", values: numbers(({ curvature }) => curvature) },
  ];
  await using writer = await createFits(path, { overwrite, checksum: true });
  await writer.table({ columns, name: "TRUTH", header: makeHeader({ CREATOR: "bigsf sample" }) });
  await writer.close();
}
