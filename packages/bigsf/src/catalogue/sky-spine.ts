/** Where on the sky a spine lies, in which direction it runs there, and how long it is. */
import { emptyHeader, type SkyPoints, skyFrame } from "@ml-mosaic/fits";
import type { Degrees, Sky } from "../maps/coordinates.ts";
import type { Point } from "./skeleton-graph.ts";
import type { Spine } from "./spine.ts";

const degree = Math.PI / 180;
const galactic = skyFrame(emptyHeader, "GLON");
const icrs = skyFrame(emptyHeader, "RA");

/** Longitude and latitude in degrees. */
export interface SkyPoint {
  readonly longitude: number;
  readonly latitude: number;
}

/** The spine in one frame. */
export interface FrameFigures {
  readonly centre: SkyPoint;
  readonly start: SkyPoint;
  readonly end: SkyPoint;
  /** Mean direction, in degrees from the frame's north to its east, from 0 to 180. */
  readonly positionAngle: number;
}

export interface SkyFigures {
  /** In the frame of the map. */
  readonly own: FrameFigures;
  /** Where it is known how the map's frame lies to it. */
  readonly icrs: FrameFigures | undefined;
  readonly galactic: FrameFigures | undefined;
  /** Along great circles from point to point, in degrees. */
  readonly length: number;
  /** From end to end. */
  readonly extent: number;
  /**
   * Of a pixel's step across the spine what lies at right angles to it on the sky, in degrees: the mean. Along it a step is
   * longer or shorter where pixels are no squares on the sky.
   */
  readonly acrossPixel: number;
}

/** @param centre a point of the spine @returns undefined where a point is not on the sky */
export function skyFigures(sky: Sky, spine: Spine, centre: Point): SkyFigures | undefined {
  const { points: line } = spine;
  // The centre comes behind the points of the line.
  const points = [...line, centre];
  const xs = Float64Array.from(points, ({ x }) => x);
  const ys = Float64Array.from(points, ({ y }) => y);
  const own = sky.at(xs, ys);
  if (own.first.some(Number.isNaN)) return undefined;
  const vectors = vectorsOf(own);
  const inIcrs = sky.toJ2000?.(own.first, own.second);
  const last = line.length - 1;
  let length = 0;
  for (let i = 1; i <= last; i++) length += separation(vectors, i - 1, i);
  return {
    own: figuresIn(own, vectors),
    icrs: framed(inIcrs, icrs.fromJ2000),
    galactic: framed(inIcrs, galactic.fromJ2000),
    length: length / degree,
    extent: separation(vectors, 0, last) / degree,
    acrossPixel: acrossPixel(sky, spine),
  };
}

function acrossPixel(sky: Sky, { points, tangents }: Spine): number {
  const beside = (across: number, along: number) => {
    const moved = points.map(({ x, y }, i) => {
      const tangent = tangents[i] ?? { x: 1, y: 0 };
      return { x: x - across * tangent.y + along * tangent.x, y: y + across * tangent.x + along * tangent.y };
    });
    const places = sky.at(
      Float64Array.from(moved, ({ x }) => x),
      Float64Array.from(moved, ({ y }) => y),
    );
    return vectorsOf(places);
  };
  const [left, right, before, behind] = [beside(0.5, 0), beside(-0.5, 0), beside(0, -0.5), beside(0, 0.5)];
  let [sum, count] = [0, 0];
  for (const i of points.keys()) {
    const step = (to: Float64Array, from: Float64Array) =>
      [0, 1, 2].map((axis) => (to[3 * i + axis] ?? 0) - (from[3 * i + axis] ?? 0));
    const [across, along] = [step(left, right), step(behind, before)];
    const [a2, b2, ab] = [dot(across, across), dot(along, along), dot(across, along)];
    // Beside the edge of a whole sky there is none.
    if (!(b2 > 0) || Number.isNaN(a2)) continue;
    sum += Math.sqrt(Math.max(0, a2 - (ab * ab) / b2));
    count++;
  }
  return sum / count / degree;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, each, i) => sum + each * (b[i] ?? 0), 0);
}

/** Degrees in ICRS; undefined where it is not known how the map's frame lies to it. */
export function icrsOf(sky: Sky, points: readonly Point[]): SkyPoints | undefined {
  const own = sky.at(
    Float64Array.from(points, ({ x }) => x),
    Float64Array.from(points, ({ y }) => y),
  );
  const vectors = sky.toJ2000?.(own.first, own.second);
  return vectors && icrs.fromJ2000?.(vectors);
}

function framed(vectors: Float64Array | undefined, from: typeof icrs.fromJ2000): FrameFigures | undefined {
  if (vectors === undefined || from === undefined) return undefined;
  const { longitude, latitude } = from(vectors);
  const points = { first: longitude, second: latitude };
  return figuresIn(points, vectorsOf(points));
}

function figuresIn({ first, second }: Degrees, vectors: Float64Array): FrameFigures {
  const at = (index: number): SkyPoint => ({ longitude: first[index] ?? 0, latitude: second[index] ?? 0 });
  const last = first.length - 2;
  return { centre: at(last + 1), start: at(0), end: at(last), positionAngle: meanAngle({ first, second }, vectors) };
}

function vectorsOf({ first, second }: Degrees): Float64Array {
  const vectors = new Float64Array(3 * first.length);
  for (let i = 0; i < first.length; i++) {
    const [longitude, latitude] = [(first[i] ?? 0) * degree, (second[i] ?? 0) * degree];
    vectors[3 * i] = Math.cos(latitude) * Math.cos(longitude);
    vectors[3 * i + 1] = Math.cos(latitude) * Math.sin(longitude);
    vectors[3 * i + 2] = Math.sin(latitude);
  }
  return vectors;
}

/** In radians; exact for small ones. */
function separation(vectors: Float64Array, a: number, b: number): number {
  const apart = [0, 1, 2].map((axis) => (vectors[3 * a + axis] ?? 0) - (vectors[3 * b + axis] ?? 0));
  return 2 * Math.asin(Math.min(1, Math.hypot(...apart) / 2));
}

/** A direction has no sense, so that angles are doubled before their mean, weighted by length, is taken. */
function meanAngle({ first, second }: Degrees, vectors: Float64Array): number {
  let [sines, cosines] = [0, 0];
  for (let i = 1; i < first.length - 1; i++) {
    const [from, to] = [3 * (i - 1), 3 * i];
    const longitude = (((first[i - 1] ?? 0) + differenceOf(first[i - 1] ?? 0, first[i] ?? 0) / 2) * Math.PI) / 180;
    const latitude = (((second[i - 1] ?? 0) + (second[i] ?? 0)) / 2) * degree;
    const [dx, dy, dz] = [0, 1, 2].map((axis) => (vectors[to + axis] ?? 0) - (vectors[from + axis] ?? 0));
    const [x, y, z] = [dx ?? 0, dy ?? 0, dz ?? 0];
    const east = -x * Math.sin(longitude) + y * Math.cos(longitude);
    const along = x * Math.cos(longitude) + y * Math.sin(longitude);
    const north = -along * Math.sin(latitude) + z * Math.cos(latitude);
    const angle = 2 * Math.atan2(east, north);
    const length = Math.hypot(east, north);
    sines += length * Math.sin(angle);
    cosines += length * Math.cos(angle);
  }
  const mean = Math.atan2(sines, cosines) / 2 / degree;
  return mean < 0 ? mean + 180 : mean;
}

/** From one longitude to another, the short way. */
function differenceOf(from: number, to: number): number {
  return ((((to - from + 180) % 360) + 360) % 360) - 180;
}
