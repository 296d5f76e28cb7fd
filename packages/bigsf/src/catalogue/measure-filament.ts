import type { Linear, Sky, Unknown } from "../maps/coordinates.ts";
import { cutAcross, halfWidthOf } from "./cuts.ts";
import type { Distances } from "./distances.ts";
import type { MeasuredFilament } from "./filament.ts";
import { type FoundFilament, spineOfFound } from "./find-filaments.ts";
import type { MapSamples } from "./map-samples.ts";
import type { MaskPlane } from "./mask-plane.ts";
import { massPerLength } from "./mass.ts";
import { distanceOf, pointAlong } from "./polyline.ts";
import { fitProfile, type Measured, type ProfileFigures } from "./profile.ts";
import type { Point } from "./skeleton-graph.ts";
import { type SkyFigures, skyFigures } from "./sky-spine.ts";
import { curvatureOf } from "./spine.ts";

export interface MeasureParts {
  readonly plane: MaskPlane;
  readonly coordinates: Sky | Linear | Unknown | undefined;
  /** Undefined of a mask, which says nothing of probabilities. */
  readonly probability: MapSamples | undefined;
  readonly image: MapSamples | undefined;
  /** Full width at half maximum, in degrees. */
  readonly beam: number | undefined;
  /** In pixels to each side; from the width of the mask where it is not given. */
  readonly reach: number | undefined;
  readonly plummerIndex: number | undefined;
  readonly distances: Distances | undefined;
  /** Particles per square centimetre in a unit of the image, if it is a column density. */
  readonly perSquareCentimetre: number | undefined;
  readonly meanMolecularWeight: number;
}

export async function measureFilament(found: FoundFilament, parts: MeasureParts): Promise<MeasuredFilament> {
  const spine = spineOfFound(found);
  const { coordinates, probability, image, distances } = parts;
  const { points, length, isClosed } = spine;
  const [start = { x: 0, y: 0 }] = points;
  const end = points.at(-1) ?? start;
  const centre = pointAlong(points, length / 2) ?? start;
  const extent = distanceOf(start, end);
  const sky = coordinates?.kind === "sky" ? skyFigures(coordinates, spine, centre) : undefined;
  const pixelDegrees = sky?.acrossPixel;
  const beam = parts.beam !== undefined && pixelDegrees !== undefined ? parts.beam / pixelDegrees : undefined;
  const { plane, reach, plummerIndex } = parts;
  const halfWidth = halfWidthOf(spine, plane);
  const profile =
    image && fitProfile(await cutAcross(spine, plane, image, { halfWidth, reach }), { beam, plummerIndex });
  const along = (map: MapSamples | undefined) => map && meanAlong(map, points);
  const distance = await distances?.of({ sky, centre, points });
  return {
    isClosed,
    centre,
    start,
    end,
    length,
    pixelAngle: meanPixelAngle(spine.tangents),
    curvature: curvatureOf(spine),
    sinuosity: extent > 1 ? length / extent : undefined,
    sky,
    halfWidth,
    probability: await along(probability),
    intensity: await along(image),
    profile,
    pixelDegrees,
    distance,
    massPerLength: lineMass(profile, pixelDegrees, distance, parts),
    notes: notesOn({ sky, profile, beam, distance }, parts),
  };
}

function lineMass(
  profile: ProfileFigures | undefined,
  pixelDegrees: number | undefined,
  distance: number | undefined,
  { perSquareCentimetre, meanMolecularWeight }: MeasureParts,
): Measured | undefined {
  if (profile === undefined || pixelDegrees === undefined || distance === undefined) return undefined;
  if (perSquareCentimetre === undefined) return undefined;
  const radians = (pixelDegrees * Math.PI) / 180;
  const massOf = (area: number) =>
    massPerLength({ acrossRadians: area * radians * perSquareCentimetre, distance, meanMolecularWeight });
  const { value, error } = profile.area;
  return { value: massOf(value), error: error === undefined ? undefined : massOf(error) };
}

interface Found {
  readonly sky: SkyFigures | undefined;
  readonly profile: ProfileFigures | undefined;
  readonly beam: number | undefined;
  readonly distance: number | undefined;
}

/** Of this one; what all lack is told in the columns. */
function notesOn({ sky, profile, beam, distance }: Found, parts: MeasureParts): readonly string[] {
  const notes: string[] = [];
  if (parts.coordinates?.kind === "sky" && sky === undefined) notes.push("it reaches beyond the sky of the map");
  if (parts.image !== undefined && profile === undefined) notes.push("no profile could be fitted");
  if (profile !== undefined) {
    if (beam !== undefined && profile.deconvolved === undefined) notes.push("not wider than the beam");
    if (profile.width.error === undefined) notes.push("too short for errors");
    if (profile.plummer === undefined) notes.push("no Plummer profile could be fitted");
  }
  if (parts.distances !== undefined && distance === undefined) notes.push("no distance is known of it");
  return notes;
}

async function meanAlong(map: MapSamples, points: readonly Point[]): Promise<number | undefined> {
  const xs = Float64Array.from(points, ({ x }) => x);
  const ys = Float64Array.from(points, ({ y }) => y);
  return finiteMean(await map.at(xs, ys));
}

function meanPixelAngle(tangents: readonly { readonly x: number; readonly y: number }[]): number {
  let [sines, cosines] = [0, 0];
  for (const { x, y } of tangents) {
    const angle = 2 * Math.atan2(y, x);
    sines += Math.sin(angle);
    cosines += Math.cos(angle);
  }
  const mean = (Math.atan2(sines, cosines) * 90) / Math.PI;
  return mean < 0 ? mean + 180 : mean;
}

/** Undefined where there is no value. */
function finiteMean(values: ArrayLike<number>): number | undefined {
  let [sum, count] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    sum += value;
    count++;
  }
  return count === 0 ? undefined : sum / count;
}
