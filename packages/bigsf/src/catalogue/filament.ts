import type { Measured, ProfileFigures } from "./profile.ts";
import type { Point } from "./skeleton-graph.ts";
import type { SkyFigures } from "./sky-spine.ts";

/** What is known of one filament of a catalogue. */
export interface Filament extends MeasuredFilament {
  /** From 1. */
  readonly id: number;
  /** Filaments that touch each other have one number. */
  readonly network: number;
  /** Nodes at which it meets others of the catalogue. */
  readonly joins: number;
}

/** What is known of it whatever else is in the catalogue. */
export interface MeasuredFilament {
  readonly isClosed: boolean;
  /** Pixels from 0. */
  readonly centre: Point;
  readonly start: Point;
  readonly end: Point;
  /** In pixels. */
  readonly length: number;
  /** Direction in the map, in degrees from its rows' direction upwards; from 0 to 180. */
  readonly pixelAngle: number;
  /** In radians a pixel. */
  readonly curvature: number;
  /** Length over the distance of the ends. */
  readonly sinuosity: number | undefined;
  readonly sky: SkyFigures | undefined;
  /** Of the mask, in pixels: the median along the spine. */
  readonly halfWidth: number;
  /** Mean along the spine. */
  readonly probability: number | undefined;
  /** Mean of the image along the spine. */
  readonly intensity: number | undefined;
  /** Across the spine; undefined where nothing could be fitted. */
  readonly profile: ProfileFigures | undefined;
  /** Degrees of a pixel across the spine, on the sky at right angles to it. */
  readonly pixelDegrees: number | undefined;
  /** In parsecs. */
  readonly distance: number | undefined;
  /** Solar masses a parsec. */
  readonly massPerLength: Measured | undefined;
  /** Why a figure is missing that others have. */
  readonly notes: readonly string[];
}
