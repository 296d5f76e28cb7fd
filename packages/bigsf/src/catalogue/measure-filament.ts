import type { Linear, Sky, Unknown } from "../maps/coordinates.ts";
import type { Filament } from "./filament.ts";
import type { FoundFilament } from "./find-filaments.ts";
import type { MapSamples } from "./map-samples.ts";
import { distanceOf, pointAlong } from "./polyline.ts";
import { skyFigures } from "./sky-spine.ts";
import { curvatureOf } from "./spine.ts";

export interface MeasureParts {
  readonly coordinates: Sky | Linear | Unknown | undefined;
  /** Undefined of a mask, which says nothing of probabilities. */
  readonly probability: MapSamples | undefined;
  readonly image: MapSamples | undefined;
}

export async function measureFilament(
  { id, network, line, spine }: FoundFilament,
  { coordinates, probability, image }: MeasureParts,
): Promise<Filament> {
  const { points, length, isClosed } = spine;
  const [start = { x: 0, y: 0 }] = points;
  const end = points.at(-1) ?? start;
  const centre = pointAlong(points, length / 2) ?? start;
  const extent = distanceOf(start, end);
  return {
    id,
    network,
    joins: line.joins,
    isClosed,
    centre,
    start,
    end,
    length,
    pixelAngle: meanPixelAngle(spine.tangents),
    curvature: curvatureOf(spine),
    sinuosity: extent > 1 ? length / extent : undefined,
    sky: coordinates?.kind === "sky" ? skyFigures(coordinates, points, centre) : undefined,
    probability: probability && finiteMean(await probability.at(points)),
    intensity: image && finiteMean(await image.at(points)),
  };
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
export function finiteMean(values: ArrayLike<number>): number | undefined {
  let [sum, count] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    sum += value;
    count++;
  }
  return count === 0 ? undefined : sum / count;
}
