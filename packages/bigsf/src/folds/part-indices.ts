import type { FoldAssignment } from "./assign-folds.ts";
import type { Part, Split } from "./splits.ts";

/**
 * The patches of a part of a split, in their own order: what a model trains on, or (`test`) what it gives predictions
 * for that no training has seen.
 */
export function partIndices(assignment: FoldAssignment, split: Split, part: Part): Int32Array<ArrayBuffer> {
  return foldIndices(assignment, split[part]);
}

/** The patches of some folds, in their own order. */
export function foldIndices(
  { areaOf, foldOfArea, folds }: FoldAssignment,
  wanted: readonly number[],
): Int32Array<ArrayBuffer> {
  const isWanted = new Uint8Array(folds + 1);
  for (const fold of wanted) isWanted[fold] = 1;
  // Area -1, of dropped patches, comes first.
  const areaIsWanted = Uint8Array.from([0, ...foldOfArea.map((fold) => isWanted[fold] ?? 0)]);
  let count = 0;
  for (let patch = 0; patch < areaOf.length; patch++) count += areaIsWanted[(areaOf[patch] ?? -1) + 1] ?? 0;
  const indices = new Int32Array(count);
  for (let patch = 0, next = 0; next < count; patch++) {
    indices[next] = patch;
    next += areaIsWanted[(areaOf[patch] ?? -1) + 1] ?? 0;
  }
  return indices;
}
