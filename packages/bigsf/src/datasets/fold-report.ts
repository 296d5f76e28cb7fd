import type { FoldUnit } from "../folds/fold-options.ts";
import { foldIndices } from "../folds/part-indices.ts";
import { countPixels, type PatchPixels, type PatchSizes, sizesOf } from "../folds/patch-pixels.ts";
import { type Part, parts, testsEveryFold } from "../folds/splits.ts";
import type { PatchedMap } from "../patches/patch-source.ts";
import { defaults } from "./data-options.ts";
import type { FoldedPatches, PatchesData } from "./patches-data.ts";
import { onGrid } from "./select-patches.ts";

export interface FoldSizes extends PatchSizes {
  readonly fold: number;
  readonly areas: number;
  /** Names of the maps that it has patches of. */
  readonly maps: readonly string[];
}

export interface PartSizes extends PatchSizes {
  readonly folds: readonly number[];
}

/** What there is in the folds of some patches. */
export interface FoldReport {
  /** The file or image that patches come from. */
  readonly source: string;
  readonly patchSize: number;
  /** All patches, and those that lie within an area. */
  readonly patches: number;
  readonly assigned: number;
  readonly areas: number;
  /** What folds are made of. */
  readonly unit: FoldUnit;
  readonly folds: readonly FoldSizes[];
  /** What the loaders of each split give: strides and the like are considered. */
  readonly splits: readonly Readonly<Record<Part, PartSizes>>[];
  /** Whether every fold is tested by some split. */
  readonly testsEveryFold: boolean;
  /** What people should be told. */
  readonly warnings: readonly string[];
}

export interface FoldReportOptions {
  readonly onPatches?: (numbers: Int32Array, patches: Float32Array) => void;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Counts what is in the folds, and in the sets of every split. Reads every patch once. */
export async function reportFolds(data: PatchesData, options: FoldReportOptions = {}): Promise<FoldReport> {
  const opened = await data.open();
  const { source, assignment, unit, splits, notices } = opened;
  const numbers = Array.from({ length: assignment.folds }, (_, index) => index + 1);
  // As the sets of splits count them: without those that the stride of the data leaves out.
  const stride = data.stride ?? defaults.stride;
  const ofFolds = (wanted: readonly number[]) => onGrid(foldIndices(assignment, wanted), source, stride);
  const assigned = ofFolds(numbers);
  const pixels = await countPixels(source, assigned, {
    onPatches: options.onPatches,
    onProgress: (done) => options.onProgress?.(done, assigned.length),
    signal: options.signal,
  });
  const folds = numbers.map((fold) => ({
    fold,
    areas: assignment.foldOfArea.filter((each) => each === fold).length,
    maps: mapsOf(ofFolds([fold]), source.maps),
    ...sizesOf(ofFolds([fold]), pixels),
  }));
  const sets = await Promise.all(splits.map((_, split) => partSizes(data, opened, split, pixels)));
  return {
    source: source.name,
    patchSize: source.patchSize,
    patches: onGrid(
      Int32Array.from({ length: source.length }, (_, patch) => patch),
      source,
      stride,
    ).length,
    assigned: assigned.length,
    areas: assignment.foldOfArea.length,
    unit,
    folds,
    splits: sets,
    testsEveryFold: testsEveryFold(splits, assignment.folds),
    warnings: [...notices, ...emptyWarnings(folds, sets)],
  };
}

function mapsOf(indices: Int32Array, maps: readonly PatchedMap[]): readonly string[] {
  return maps
    .filter(({ start, stop }) => indices.some((patch) => patch >= start && patch < stop))
    .map(({ name }) => name);
}

async function partSizes(
  data: PatchesData,
  { splits }: FoldedPatches,
  split: number,
  pixels: PatchPixels,
): Promise<Readonly<Record<Part, PartSizes>>> {
  const sizes = async (part: Part): Promise<PartSizes> => {
    const { indices } = await data.patches(split, part);
    return { folds: splits[split]?.[part] ?? [], ...sizesOf(indices, pixels) };
  };
  return { train: await sizes("train"), valid: await sizes("valid"), test: await sizes("test") };
}

function emptyWarnings(
  folds: readonly FoldSizes[],
  splits: readonly Readonly<Record<Part, PartSizes>>[],
): readonly string[] {
  const without = folds.filter(({ withFilament }) => withFilament === 0).map(({ fold }) => fold);
  const warnings =
    without.length === 0
      ? []
      : [`no labelled filament in ${without.length === 1 ? "fold" : "folds"} ${without.join(", ")}`];
  for (const [index, split] of splits.entries()) {
    for (const part of parts) {
      const { patches, withFilament } = split[part];
      const problem = patches === 0 ? "no patch" : withFilament === 0 ? "no labelled filament" : undefined;
      if (problem !== undefined)
        warnings.push(`the ${part} set of split ${index + 1} has ${problem}: it cannot be trained`);
    }
  }
  return warnings;
}
