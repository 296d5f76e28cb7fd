import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { machineTrouble, makeFolder, pathExists, removeUnfinished, wholeText } from "@ml-mosaic/base";
import { BigsfError } from "../errors.ts";
import { type MapPaths, type Maps, openMaps } from "../maps/maps.ts";
import type { CoordinateCheck } from "../maps/same-pixels.ts";
import { drawOverview } from "./draw-overview.ts";
import { openHdf5 } from "./hdf5.ts";
import { digestPatches } from "./patch-digest.ts";
import { readAttributes } from "./patch-file-attributes.ts";
import type { CompressionLevel, PatchFileAttributes } from "./patch-file-layout.ts";
import type { PatchRules } from "./patch-rules.ts";
import { type PatchPlan, planPatches } from "./plan-patches.ts";
import { writePatches } from "./write-patches.ts";

export interface PreprocessOptions {
  readonly maps: MapPaths;
  /** Whether maps whose coordinates contradict each other are refused. */
  readonly coordinates?: CoordinateCheck | undefined;
  readonly rules: PatchRules;
  readonly compression: CompressionLevel;
  /** Gets `patches.h5`, `overview.png` and `config.yaml`; made where it is not there. */
  readonly folder: string;
  /** Replace patches of another configuration. */
  readonly overwrite: boolean;
  /** Write more than 100 GB. */
  readonly allowLarge: boolean;
  /** The resolved configuration, as YAML. */
  readonly configuration: string;
  readonly onRows?: (done: number, total: number) => void;
  /** Told before anything is written. */
  readonly onPlan?: (plan: PatchPlan) => void;
  readonly onPatches?: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

export type PreprocessResult =
  /** The file that was there has what was asked for. */
  | { readonly kind: "reused"; readonly path: string }
  | {
      readonly kind: "written";
      readonly path: string;
      readonly plan: PatchPlan;
      /** Size of the file. */
      readonly bytes: number;
      readonly overview: string;
    };

/** Uncompressed. Beyond, somebody should have meant it. */
const LARGE_BYTES = 100e9;
const LARGEST_FLOAT32 = 3.4028234663852886e38;

/**
 * From maps to `patches.h5`: finds the patches that are kept, says how large they are, and writes them. The file is there
 * when it is whole, or not at all.
 *
 * @throws BigsfError `MAP` for maps that cannot be used or give no patch, `OUTPUT` where another file is in the way, the
 *   patches are more than 100 GB, or cannot be written
 */
export async function preprocess(options: PreprocessOptions): Promise<PreprocessResult> {
  const { folder, rules, compression, onRows, onPlan, onPatches, signal } = options;
  const path = join(folder, "patches.h5");
  const maps = await openMaps(options.maps, { coordinates: options.coordinates, least: rules.patchSize });
  try {
    const sources = await maps.digests();
    const digest = digestPatches(sources, rules);
    const attributes: PatchFileAttributes = { ...rules, mapShape: maps.shape, compression, sources, digest };
    const there = await findExisting(path);
    if (there !== undefined) {
      const differences =
        there.attributes === undefined ? [there.problem] : differencesOf(there.attributes, attributes);
      if (differences.length === 0) return { kind: "reused", path };
      if (!options.overwrite) throw inTheWay(path, differences);
    }
    const plan = await planPatches(maps, rules, { onRows: (done) => onRows?.(done, maps.shape[0]), signal });
    checkPlan(plan, maps, rules);
    onPlan?.(plan);
    if (plan.bytes > LARGE_BYTES && !options.allowLarge) throw tooLarge(plan);
    await makeFolder(folder);
    await removeUnfinished(folder);
    const overview = join(folder, "overview.png");
    await writeFile(join(folder, "config.yaml"), options.configuration);
    await writeFile(overview, await drawOverview(plan, maps));
    await writePatches({
      maps,
      path,
      attributes: { ...attributes, labelledShare: plan.tally.labelled / plan.tally.pixels },
      count: plan.kept,
      onPatches: (done) => onPatches?.(done, plan.kept),
      signal,
    });
    return { kind: "written", path, plan, bytes: (await stat(path)).size, overview };
  } finally {
    await maps.close();
  }
}

type Existing =
  | { readonly attributes: PatchFileAttributes; readonly problem?: never }
  | { readonly attributes?: never; readonly problem: string };

async function findExisting(path: string): Promise<Existing | undefined> {
  if (!pathExists(path)) return undefined;
  try {
    const file = await openHdf5(path);
    const attributes = readAttributes(file);
    file.close();
    return attributes === undefined ? { problem: "it does not say how it was made" } : { attributes };
  } catch (error) {
    if (error instanceof BigsfError && machineTrouble(error) === undefined) return { problem: error.message };
    throw error;
  }
}

function differencesOf(there: PatchFileAttributes, wanted: PatchFileAttributes): readonly string[] {
  const compare = (name: string, before: unknown, now: unknown) =>
    String(before) === String(now) ? [] : [`${name} ${before} there, ${now} asked for`];
  return [
    ...compare("patch_size", there.patchSize, wanted.patchSize),
    ...compare("stride", there.stride, wanted.stride),
    ...compare("normalization", there.normalization, wanted.normalization),
    ...compare("gzip level", there.compression, wanted.compression),
    ...(["image", "target", "missing", "background"] as const).flatMap((layer) =>
      there.sources[layer] === wanted.sources[layer] ? [] : [`another ${layer}`],
    ),
  ];
}

function inTheWay(path: string, differences: readonly string[]): BigsfError {
  return new BigsfError(
    "OUTPUT",
    `${path} is of another configuration: ${differences.join("; ")}. Give another output, or overwrite: true.`,
  );
}

function checkPlan({ kept, dropped, grid, tally }: PatchPlan, { paths }: Maps, rules: PatchRules): void {
  if (kept === 0) {
    const reasons = [
      dropped.noSignal + dropped.neither > 0 ? `${paths.image} has no pixel > 0 in them` : undefined,
      dropped.noLabels + dropped.neither > 0
        ? `none of their pixels is labelled (${paths.background} or ${paths.target} > 0 where ${paths.missing} > 0)`
        : undefined,
    ].filter((reason) => reason !== undefined);
    throw new BigsfError(
      "MAP",
      `No patch is kept of ${wholeText(grid.candidates)}: ${reasons.join(", or ")}. Check the four maps.`,
    );
  }
  if (rules.normalization === "none" && Math.max(tally.highest, -tally.lowest) > LARGEST_FLOAT32) {
    throw new BigsfError(
      "MAP",
      `${paths.image} has values up to ${tally.highest}: patches are float32, up to 3.4e38. Give normalization: minmax or log.`,
    );
  }
}

function tooLarge({ bytes, kept }: PatchPlan): BigsfError {
  const gigabytes = wholeText(bytes / 1e9);
  return new BigsfError(
    "OUTPUT",
    `${wholeText(kept)} patches take up to ${gigabytes} GB. Say --yes if that is meant; otherwise give a larger stride, or cut patches while training, without a copy: data.source in the training's configuration takes the maps.`,
  );
}
