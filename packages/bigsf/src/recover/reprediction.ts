/** What becomes of the map of probabilities where the image is changed: only the patches that see the change. */

import type { PixelBox } from "../maps/region.ts";
import type { MapRows } from "../segmentation/segment-rows.ts";
import type { Piece } from "./overlay.ts";

export interface Reprediction {
  /** By which side of a map the probabilities change beyond the pixels that are changed. */
  readonly reach: number;
  /** Number of models, for messages. */
  readonly models: number;
  /**
   * Probabilities of all pixels whose patches see what is changed, as in the whole map; NaN where no model is free of a place,
   * or the image has no data.
   *
   * @param image with its change
   */
  predict(image: MapRows, touched: PixelBox, signal?: AbortSignal): Promise<Piece>;
}
