import { wholeText } from "@ml-mosaic/base";
import type { FoldAssignment } from "./assign-folds.ts";
import type { FoldOptions } from "./fold-options.ts";

/** What people should know of an assignment, though it can be used. */
export function foldWarnings({ areaOf }: FoldAssignment, options: FoldOptions): readonly string[] {
  const { by, area_size: areaSize, patch_size: patchSize, overlap } = options;
  if (by === "map") return [];
  const warnings: string[] = [];
  if (overlap > 0) {
    warnings.push(
      `overlap ${overlap}: patches reach up to ${overlap} pixels into the next area, which may belong to another fold, so that sets share pixels along the edges of areas; overlap 0 leaves none in common`,
    );
  }
  let dropped = 0;
  for (const area of areaOf) if (area < 0) dropped++;
  if (2 * dropped > areaOf.length) {
    const share = ((100 * dropped) / areaOf.length).toFixed(1);
    warnings.push(
      `${wholeText(dropped)} of ${wholeText(areaOf.length)} patches (${share} %) are dropped, as they cross the edge of their area of ${areaSize} x ${areaSize} by more than ${overlap} pixels; area_size ${Math.max(2 * areaSize, 4 * patchSize)} keeps more`,
    );
  }
  return warnings;
}
