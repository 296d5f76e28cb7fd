import type { Objection } from "@ml-mosaic/configurable";
import { foldProblems } from "../folds/fold-options.ts";
import type { Folds } from "../folds/folds.ts";
import { parts } from "../folds/splits.ts";
import { nameProblems } from "../maps/source-map.ts";
import { type DataOptions, defaults, encodedBy, sourceMaps } from "./data-options.ts";

/** What is wrong with options that are right each by itself. */
export function* dataObjections(data: DataOptions): Iterable<Objection> {
  yield* sourceObjections(data);
  yield* partObjections(data);
  const size = data.source === undefined ? data.patch_size : (data.patch_size ?? defaults.patch_size);
  const { patch_size: foldSize } = data.folds;
  if (size !== undefined && foldSize !== undefined && foldSize !== size)
    yield { option: "folds", message: `patch_size is ${foldSize}, but patches have ${size}; leave it out` };
  else if (size !== undefined) yield* sizeObjections(data.folds, size);
}

function* sourceObjections(data: DataOptions): Iterable<Objection> {
  const { path: file, source, normalization } = data;
  if (file === undefined && source === undefined)
    yield "expected path, a file that bigsf preprocess writes, or source, the maps to cut patches from";
  if (file !== undefined && source !== undefined) yield "has both path and source; leave one of them out";
  if (file !== undefined && normalization !== undefined) {
    const message = "the patches in a file are normalised already; leave it out, or set it in bigsf preprocess";
    yield { option: "normalization", message };
  }
  if (file !== undefined && data.normalization_over !== undefined) {
    const message = "the patches in a file are normalised already; leave it out, or set it in bigsf preprocess";
    yield { option: "normalization_over", message };
  }
  if (normalization === "none" && (data.normalization_over ?? "patch") !== "patch")
    yield { option: "normalization_over", message: "nothing is normalised with normalization: none; leave it out" };
  if (Array.isArray(source) && source.length === 0) yield { option: "source", message: "expected one map or more" };
  for (const { place, message } of nameProblems(sourceMaps(data)))
    yield { option: Array.isArray(source) ? ["source", place] : "source", message };
}

function* partObjections(data: DataOptions): Iterable<Objection> {
  for (const part of parts) {
    const { stride, data_augmentations, use_all_patches } = data[part];
    if (stride !== undefined && data.stride !== undefined && stride % data.stride !== 0)
      yield { option: part, message: `stride ${stride} is no multiple of the data's, ${data.stride}` };
    if (part === "train") continue;
    if (data_augmentations.length > 0)
      yield { option: part, message: "data_augmentations are for train: evaluation takes samples as they are" };
    if (!use_all_patches)
      yield { option: part, message: "use_all_patches: false is for train: evaluation takes every patch" };
    if (encodedBy(data, part).join() !== encodedBy(data, "train").join())
      yield { option: part, message: "toEncode differs from train's, but the model is the same; leave it out" };
  }
}

function* sizeObjections(folds: Folds, patchSize: number): Iterable<Objection> {
  for (const { option, message } of foldProblems(folds.optionsFor(patchSize)))
    yield { option: "folds", message: `${option}: ${message}` };
}
