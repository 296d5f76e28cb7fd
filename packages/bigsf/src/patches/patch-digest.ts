import { createHash } from "node:crypto";
import type { MapDigests } from "../maps/maps.ts";
import type { PatchRules } from "./patch-rules.ts";

/** The same for the same maps and rules, wherever the files lie and however the patches are stored. */
export function digestPatches(
  maps: readonly MapDigests[],
  { patchSize, stride, normalization, normalizationOver = "patch" }: PatchRules,
): string {
  const files = maps.flatMap(({ image, target, missing, background, channels = [] }) => [
    image,
    target,
    missing,
    background,
    ...channels,
  ]);
  const over = normalizationOver === "patch" ? [] : [normalizationOver];
  return createHash("sha256")
    .update(JSON.stringify([...files, patchSize, stride, normalization, ...over]))
    .digest("hex");
}
