/** The parts of a configuration's `data`. */
import {
  boolean,
  component,
  configurable,
  type Infer,
  int,
  list,
  literal,
  schema,
  union,
  within,
} from "@ml-mosaic/configurable";
import { threadOptions } from "@ml-mosaic/training";
import { BigsfError } from "../errors.ts";
import { existingFile } from "../existing-file.ts";
import { Folds } from "../folds/folds.ts";
import type { Part } from "../folds/splits.ts";
import { MapFiles } from "../maps/map-files.ts";
import type { SourceMap } from "../maps/source-map.ts";
import { NORMALIZATIONS, NORMALIZED_OVER } from "../patches/patch-rules.ts";
import { BaseAugmentation } from "./augmentations/base-augmentation.ts";
import "./augmentations/built-in.ts";
import type { SourceOptions } from "./open-source.ts";

const pixels = within(int, { minimum: 1 });

/** How the patches of a part become samples. */
class PartOptions extends configurable({
  data_augmentations: schema(list(component(BaseAugmentation)), {
    default: [],
    help: "Random changes of the samples, one after the other; for train",
  }),
  use_all_patches: schema(boolean, {
    default: true,
    help: "false leaves out patches whose target has one value only; for train",
  }),
  stride: schema(pixels, {
    optional: true,
    help: "Takes patches only whose first row and column are multiples of it; without it, the data's stride",
  }),
  toEncode: schema(list(literal("positions")), {
    optional: true,
    aliases: ["to_encode"],
    help: "What samples tell besides their pixels; train's holds for valid and test",
  }),
}) {}

export const defaults = { patch_size: 32, stride: 1, normalization: "minmax", normalization_over: "patch" } as const;

export const dataOptions = {
  path: schema(existingFile("bigsf preprocess -c makes one"), {
    optional: true,
    help: "patches.h5, as bigsf preprocess writes it; or else source",
  }),
  source: schema(union(component(MapFiles), list(component(MapFiles))), {
    optional: true,
    help: "Maps to cut patches from, without a copy on disk: one, or a list of several",
  }),
  patch_size: schema(pixels, {
    optional: true,
    help: `Side of the patches; ${defaults.patch_size} where they are cut from source; those of path must have it`,
  }),
  stride: schema(pixels, {
    optional: true,
    help: `Takes patches only whose first row and column are multiples of it; ${defaults.stride} by default`,
  }),
  normalization: schema(literal(...NORMALIZATIONS), {
    optional: true,
    help: `Of the patches cut from source: ${defaults.normalization} by default`,
  }),
  normalization_over: schema(literal(...NORMALIZED_OVER), {
    optional: true,
    help: `Of those cut from source, whose smallest and largest positive pixel become 0 and 1: ${defaults.normalization_over} by default`,
  }),
  skeletons: schema(boolean, {
    default: false,
    help: "Whether targets also tell where the middle of filaments is, which the loss skeleton_recall looks at",
  }),
  ...threadOptions(1),
  folds: schema(component(Folds), { default: {}, help: "How patches are shared out among folds" }),
  train: schema(component(PartOptions), { default: {}, help: "The training set" }),
  valid: schema(component(PartOptions), { default: {}, help: "The validation set" }),
  test: schema(component(PartOptions), { default: {}, help: "The test set" }),
};

export type DataOptions = Infer<typeof dataOptions>;

/** The maps to cut patches from. */
export function sourceMaps({ source }: Pick<DataOptions, "source">): readonly SourceMap[] {
  if (source === undefined) return [];
  return source instanceof MapFiles ? [source] : source;
}

/** Between the patches of a part. */
export function strideOf(data: DataOptions, part: Part): number {
  return data[part].stride ?? data.stride ?? defaults.stride;
}

/** What samples of a part tell besides their pixels. */
export function encodedBy(data: DataOptions, part: Part): readonly "positions"[] {
  return data[part].toEncode ?? data.train.toEncode ?? [];
}

/** @throws BigsfError if there is neither path nor source, which a check of the options finds before */
export function sourceOptions({
  path: file,
  source,
  patch_size,
  stride,
  normalization,
  normalization_over,
}: DataOptions): SourceOptions {
  if (file !== undefined) return { path: file };
  if (source === undefined) throw new BigsfError("PATCHES", "neither path nor source says where the patches are");
  return {
    maps: sourceMaps({ source }),
    patchSize: patch_size ?? defaults.patch_size,
    stride: stride ?? defaults.stride,
    normalization: normalization ?? defaults.normalization,
    normalizationOver: normalization_over ?? defaults.normalization_over,
  };
}
