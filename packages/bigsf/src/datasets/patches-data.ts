import { configurable, type Objection, register } from "@ml-mosaic/configurable";
import { DataLoader } from "@ml-mosaic/tensor";
import {
  BaseData,
  BaseLoss,
  BaseMetric,
  type DataContext,
  type DataLoaders,
  type DataObjection,
  type DataUse,
  GenericLoss,
  GenericMetric,
  SumLoss,
  sampleThreads,
} from "@ml-mosaic/training";
import { BigsfError } from "../errors.ts";
import type { FoldAssignment } from "../folds/assign-folds.ts";
import type { FoldUnit } from "../folds/fold-options.ts";
import { foldWarnings } from "../folds/fold-warnings.ts";
import { partIndices } from "../folds/part-indices.ts";
import { type Part, parts, type Split } from "../folds/splits.ts";
import { SkeletonRecallLoss } from "../losses/skeleton-recall.ts";
import { mapNotes } from "../maps/map-notes.ts";
import { labelFigures } from "../metrics/label-figures.ts";
import { labelledShareOf, type PatchedMap, type PatchSource } from "../patches/patch-source.ts";
import { dataObjections } from "./data-objections.ts";
import { type DataOptions, dataOptions, encodedBy, sourceOptions, strideOf } from "./data-options.ts";
import { type OpenSource, openSource } from "./open-source.ts";
import { PatchDataset } from "./patch-dataset.ts";
import { hasPositives, onGrid, withMixedTarget } from "./select-patches.ts";
import { patchesOrigin } from "./threaded-patches.ts";

/** Patches with the folds that they are assigned to. */
export interface FoldedPatches {
  readonly source: PatchSource;
  readonly assignment: FoldAssignment;
  /** What folds are made of. */
  readonly unit: FoldUnit;
  readonly splits: readonly Split[];
  /** What people should be told. */
  readonly notices: readonly string[];
}

/** Patches of one part of a split, in the order in which their loader gives them where it does not shuffle. */
export interface PartPatches {
  /** Numbers of the patches in the source. */
  readonly indices: Int32Array<ArrayBuffer>;
  /** First row and column of each: [patches * 2]. */
  readonly positions: Int32Array<ArrayBuffer>;
}

/** Those of the patches that are of this map: they follow one another. */
export function patchesOfMap(
  { indices, positions }: PartPatches,
  { start, stop }: Pick<PatchedMap, "start" | "stop">,
): PartPatches {
  const first = indices.findIndex((patch) => patch >= start);
  const from = first < 0 ? indices.length : first;
  const count = indices.subarray(from).findIndex((patch) => patch >= stop);
  const to = count < 0 ? indices.length : from + count;
  return { indices: indices.subarray(from, to), positions: positions.subarray(2 * from, 2 * to) };
}

/**
 * Patches of a map, their folds made of areas, so that what a model is tested on is not what it was trained on: the
 * `data` of a BigSF configuration. Files are opened when they are first needed, and stay open until `close`.
 */
export class PatchesData extends configurable(dataOptions, BaseData) {
  static override readonly aliases = ["patches"];
  static override readonly isDefault = true;
  readonly #threads = sampleThreads(this);
  #opened: Promise<FoldedPatches & OpenSource> | undefined;

  override preconditions(): Iterable<Objection> {
    return dataObjections(this);
  }

  /** What does not know labels would count pixels of which nobody knows what they are. */
  override *objections({ loss, metrics }: DataUse): Iterable<DataObjection> {
    if (loss !== undefined) yield* lossObjections(loss, ["loss"], this.skeletons);
    for (const [place, metric] of metrics.entries()) {
      if (metric instanceof GenericMetric)
        yield { path: ["metrics", place, "type"], message: countsAll("metric", metric, BaseMetric) };
    }
  }

  override async notices(): Promise<readonly string[]> {
    return (await this.#open()).notices;
  }

  /** How many models are trained, each on a split of its own. */
  override splitCount(): number {
    return this.folds.splits().length;
  }

  /**
   * Opens the patches and assigns them to folds; the first call does, later ones give the same.
   *
   * @throws BigsfError, FitsError where files are missing or broken, or there cannot be such folds
   */
  open(): Promise<FoldedPatches> {
    return this.#open();
  }

  #open(): Promise<FoldedPatches & OpenSource> {
    this.#opened ??= openFolded(this);
    return this.#opened;
  }

  /**
   * The data of one split.
   *
   * @throws BigsfError if a part is empty or without any filament, besides what `open` throws
   */
  override async loaders({ split, batchSize }: DataContext): Promise<DataLoaders> {
    const opened = await this.#open();
    await this.check(split);
    const load = async (part: Part, map?: PatchedMap) => {
      const patches = await this.patches(split, part);
      const { indices } = map === undefined ? patches : patchesOfMap(patches, map);
      const samples = {
        source: opened.source,
        indices,
        augmentations: this[part].data_augmentations,
        encodePositions: encodedBy(this, part).includes("positions"),
        skeletons: this.skeletons,
        shuffled: opened.orderFor(indices),
      };
      const origin = patchesOrigin({ ...samples, options: sourceOptions(this) });
      // Where threads could not load an augmentation, this one reads.
      const threading = origin === undefined ? {} : { threads: this.#threads };
      return new DataLoader(new PatchDataset({ ...samples, origin }), {
        batchSize,
        shuffle: part === "train",
        ...threading,
      });
    };
    const info = {
      patch_size: opened.source.patchSize,
      ...(opened.source.channels === 1 ? {} : { channels: opened.source.channels }),
      normalization: opened.source.normalization ?? null,
      ...(opened.source.normalizationOver === "patch" ? {} : { normalization_over: opened.source.normalizationOver }),
      ...(opened.source.range === undefined ? {} : { normalization_range: [...opened.source.range] }),
      positions: encodedBy(this, "train").includes("positions"),
      labelled_share: labelledShareOf(opened.source.maps) ?? null,
      maps: opened.source.maps.map(({ name, imageDigest }) => ({ name, image: imageDigest ?? null })),
    };
    const loaders = { train: await load("train"), valid: await load("valid"), test: await load("test") };
    const tested = (await this.patches(split, "test")).indices;
    const maps = opened.source.maps.filter(({ start, stop }) => tested.some((patch) => patch >= start && patch < stop));
    const testParts =
      maps.length < 2
        ? undefined
        : await Promise.all(maps.map(async (map) => ({ name: map.name, loader: await load("test", map) })));
    return { ...loaders, testParts, info, figures: labelFigures };
  }

  /**
   * The patches of a part: what its loader reads. Those of `test` are what a model has never seen, so that predictions
   * for them, over all splits, make up an out-of-fold map.
   *
   * @param split counted from 0
   */
  async patches(split: number, part: Part): Promise<PartPatches> {
    const { source, assignment, splits } = await this.#open();
    const chosen = splits[split];
    if (chosen === undefined)
      throw new BigsfError("FOLDS", `there is no split ${split}; the ${splits.length} splits count from 0`);
    const inFolds = partIndices(assignment, chosen, part);
    const placed = onGrid(inFolds, source, strideOf(this, part));
    const indices = this[part].use_all_patches ? placed : await withMixedTarget(placed, source);
    const positions = new Int32Array(2 * indices.length);
    for (const [place, patch] of indices.entries())
      positions.set(source.positions.subarray(2 * patch, 2 * patch + 2), 2 * place);
    return { indices, positions };
  }

  /**
   * Looks whether every part of a split has something to learn or to measure.
   *
   * @param split counted from 0
   * @throws BigsfError that names the parts that have not, besides what `open` throws
   */
  override async check(split: number): Promise<void> {
    const { source, splits } = await this.#open();
    const problems: string[] = [];
    for (const part of parts) {
      const { indices } = await this.patches(split, part);
      const folds = splits[split]?.[part] ?? [];
      const where = `the ${part} set of split ${split + 1} (${folds.length === 1 ? "fold" : "folds"} ${folds.join(", ")})`;
      if (indices.length === 0) {
        const filters = [
          ...(strideOf(this, part) > 1 ? [`stride ${strideOf(this, part)}`] : []),
          ...(this[part].use_all_patches ? [] : ["use_all_patches: false"]),
        ];
        problems.push(`${where} has no patch${filters.length > 0 ? ` left by ${filters.join(" and ")}` : ""}`);
      } else if (!(await hasPositives(indices, source))) {
        problems.push(
          `none of the ${indices.length} patches in ${where} has a labelled filament, so that nothing could be learnt or measured there`,
        );
      }
    }
    if (problems.length === 0) return;
    const remedy =
      "Other folds may do: change folds.type, folds.k or folds.area_size, and look at them with bigsf folds -c.";
    throw new BigsfError("FOLDS", `${source.name}: ${problems.join("; ")}. ${remedy}`);
  }

  /** Closes the files. */
  override async close(): Promise<void> {
    await this.#threads.close();
    // What could not be opened need not be closed; whoever opened it has the error.
    const opened = await this.#opened?.catch(() => undefined);
    this.#opened = undefined;
    await opened?.source.close();
  }
}

register(PatchesData);

function* lossObjections(loss: BaseLoss, path: DataObjection["path"], skeletons: boolean): Iterable<DataObjection> {
  if (loss instanceof GenericLoss) yield { path: [...path, "type"], message: countsAll("loss", loss, BaseLoss) };
  if (loss instanceof SkeletonRecallLoss && !skeletons)
    yield { path: [...path, "type"], message: "needs targets with skeletons: give data.skeletons: true" };
  if (loss instanceof SumLoss)
    for (const [place, each] of loss.losses.entries())
      yield* lossObjections(each, [...path, "losses", place], skeletons);
}

function countsAll(kind: string, given: object, { registered }: Pick<typeof BaseLoss, "registered">): string {
  const types = registered.map(({ type }) => type).toSorted();
  return `the ${kind} ${given.constructor.name} counts all pixels, also those that are not labelled; of patches there are ${types.join(", ")}, and those of your own`;
}

async function openFolded(data: DataOptions): Promise<FoldedPatches & OpenSource> {
  const opened = await openSource(sourceOptions(data));
  const { source } = opened;
  try {
    for (const [name, size] of [
      ["patch_size", data.patch_size],
      ["folds.patch_size", data.folds.patch_size],
    ] as const) {
      if (size !== undefined && size !== source.patchSize)
        throw new BigsfError("PATCHES", `${name} is ${size}, but ${source.name} has patches of ${source.patchSize}`);
    }
    if (source.length === 0) throw new BigsfError("PATCHES", `${source.name} has no patch with both signal and labels`);
    const empty = source.maps.filter(({ start, stop }) => start === stop).map(({ name }) => name);
    if (empty.length > 0) {
      throw new BigsfError(
        "PATCHES",
        `no patch with both signal and labels is in ${empty.join(", ")}; leave ${empty.length === 1 ? "this map" : "these maps"} out`,
      );
    }
    const { assignment, notices } = await data.folds.assign(source);
    const warnings = foldWarnings(assignment, data.folds.optionsFor(source.patchSize));
    return {
      ...opened,
      assignment,
      unit: data.folds.by,
      splits: data.folds.splits(),
      notices: [...notices, ...warnings, ...mapNotes(source.maps, source)],
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}
