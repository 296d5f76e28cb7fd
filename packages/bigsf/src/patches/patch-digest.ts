import { createHash } from "node:crypto";
import type { MapDigests } from "../maps/maps.ts";
import type { PatchRules } from "./patch-rules.ts";

/** The same for the same maps and rules, wherever the files lie and however the patches are stored. */
export function digestPatches(maps: MapDigests, { patchSize, stride, normalization }: PatchRules): string {
  const { image, target, missing, background } = maps;
  return createHash("sha256")
    .update(JSON.stringify([image, target, missing, background, patchSize, stride, normalization]))
    .digest("hex");
}
