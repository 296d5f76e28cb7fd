/** Brings a map that belongs to an image onto its pixels. */
import { basename } from "node:path";
import { pixelScale } from "./pixel-scale.ts";
import type { Plane } from "./plane.ts";
import { resampledPlane } from "./resampled-plane.ts";
import { type CoordinateCheck, mapConflict } from "./same-pixels.ts";

export type Fitted =
  | { readonly plane: Plane; readonly note?: string; readonly problem?: never }
  | { readonly plane?: never; readonly note?: never; readonly problem: string };

/** @returns the map as it is where it lies on the image, resampled where that is asked for, else what is wrong */
export function fitPlane(image: Plane, other: Plane, check: CoordinateCheck): Fitted {
  const conflict = mapConflict(image, other, check === "resample" ? "check" : check);
  if (conflict === undefined) return { plane: other };
  if (check !== "resample") return { problem: conflict };
  const plane = resampledPlane(other, image);
  if (plane === undefined) {
    return {
      problem: `${other.path} cannot be resampled to the pixels of ${image.path}: both headers must have celestial coordinates that can be computed, or linear ones of the same names`,
    };
  }
  const note = `${basename(other.path)}: resampled (nearest pixel) from ${gridText(other)} to ${gridText(image)}.`;
  return { plane, note };
}

function gridText(plane: Plane): string {
  const [height, width] = plane.shape;
  const scale = pixelScale(plane);
  return `${height} x ${width} pixels${scale === undefined ? "" : ` of ${Number(scale.toPrecision(4))}"`}`;
}
