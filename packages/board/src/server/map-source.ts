/** What another program shows on a board: it knows its own folders and files, the board knows planes of numbers. */
import type { MapPlane, MapsInfo } from "../wire/maps.ts";

export interface MapSource {
  info(): Promise<MapsInfo>;
  /** undefined where there is no such map. */
  plane(id: string): Promise<MapPlane | undefined>;
  /** Another text when anything has changed; costs little to ask. */
  revision(): Promise<string>;
  close(): Promise<void>;
}
