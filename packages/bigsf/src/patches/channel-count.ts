import { BigsfError } from "../errors.ts";
import type { MapPaths } from "../maps/maps.ts";
import { namesText } from "../maps/source-map.ts";
import type { PatchRules } from "./patch-rules.ts";

/**
 * How many channels the patches of these maps have: the image, and what else is given.
 *
 * @throws BigsfError `MAP` where they differ, or cannot be normalised as asked
 */
export function channelCount(maps: readonly MapPaths[], { normalizationOver = "patch" }: PatchRules): number {
  const counts = new Set(maps.map(({ channels = [] }) => 1 + channels.length));
  const [count = 1, ...others] = counts;
  if (others.length > 0) {
    const each = maps.map(({ image, channels = [] }) => `${image} and ${channels.length} more`);
    throw new BigsfError(
      "MAP",
      `maps differ in their channels: ${namesText(each)}; a model takes the same number of all, so give each of them as many channels`,
    );
  }
  if (count > 1 && normalizationOver !== "patch")
    throw new BigsfError(
      "MAP",
      `normalization_over: ${normalizationOver} is of one image; with channels each is normalised in each patch: leave it out`,
    );
  return count;
}
