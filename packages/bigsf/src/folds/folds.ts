import { boolean, configurable, float, int, literal, type Objection, path, schema } from "@ml-mosaic/configurable";
import type { PatchSource } from "../patches/patch-source.ts";
import { assignFoldsCached, type CachedAssignment } from "./assignment-cache.ts";
import { defaultFoldOptions, type FoldOptions, foldProblems, foldUnits } from "./fold-options.ts";
import { foldSplits, type Split } from "./splits.ts";

const options = {
  by: schema(literal(...foldUnits), {
    default: "area",
    help: "What is shared out: areas of area_size pixels, or whole maps, where there are several",
  }),
  type: schema(literal("random", "shuffled", "naive"), {
    default: defaultFoldOptions.type,
    help: "How areas go to folds: by turns (random: round robin), by turns in an order from seed (shuffled), or as connected parts of the image (naive)",
  }),
  k: schema(int, {
    default: defaultFoldOptions.k,
    help: "Number of folds; 1 is one training, on 8 of 10 hidden folds",
  }),
  k_train: schema(float, {
    default: defaultFoldOptions.k_train,
    help: "Folds of each training set: a number, or below 1 a share, which also tests every fold; k 1 does without",
  }),
  area_size: schema(int, {
    default: defaultFoldOptions.area_size,
    help: "Side in pixels of the areas that are kept together",
  }),
  patch_size: schema(int, { optional: true, help: "Side of the patches; where it is given, they must have it" }),
  overlap: schema(int, {
    default: defaultFoldOptions.overlap,
    help: "How many pixels a patch may reach into the next area, which then both folds see",
  }),
  seed: schema(int, { default: 0, help: "Of the order in which shuffled takes areas" }),
  indices_path: schema(path, { optional: true, help: "Folder that assignments are kept in, to be read the next time" }),
  save_indices: schema(boolean, { default: true, help: "Whether a new assignment is written to indices_path" }),
};

/** The `folds` of a configuration. */
export class Folds extends configurable(options) {
  override preconditions(): readonly Objection[] {
    // Any patch fits as long as its size is not known.
    return foldProblems(this.optionsFor(this.patch_size ?? 1));
  }

  optionsFor(patchSize: number): FoldOptions {
    const { by, type, k, k_train, area_size, overlap, seed } = this;
    const optional = { ...(by === "map" ? { by } : {}), ...(type === "shuffled" ? { seed } : {}) };
    return { type, k, k_train, area_size, overlap, patch_size: patchSize, ...optional };
  }

  splits(): readonly Split[] {
    return foldSplits(this);
  }

  /**
   * @throws BigsfError if there cannot be such folds
   */
  assign({ positions, patchSize, maps }: PatchSource): Promise<CachedAssignment> {
    const mapStarts = maps.map(({ start }) => start);
    return assignFoldsCached(positions, this.optionsFor(patchSize), this, mapStarts);
  }
}
