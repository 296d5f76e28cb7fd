import { loadSnapshotModel } from "@ml-mosaic/training";
import { encodedBy } from "../datasets/data-options.ts";
import type { PatchesData } from "../datasets/patches-data.ts";
import { compilePredictor } from "../segmentation/patch-predictor.ts";
import type { FoldModel } from "./out-of-fold.ts";

/** The file of a split's model. */
export interface FoldSnapshot {
  /** Counted from 0. */
  readonly split: number;
  readonly path: string;
}

export async function loadFoldModels(
  data: PatchesData,
  snapshots: readonly FoldSnapshot[],
): Promise<readonly FoldModel[]> {
  const { patchSize, channels } = (await data.open()).source;
  const positions = encodedBy(data, "test").includes("positions");
  return Promise.all(
    snapshots.map(async ({ split, path }) => {
      const { model } = await loadSnapshotModel(path);
      return { split, predictor: await compilePredictor({ model, patchSize, channels, positions }) };
    }),
  );
}
