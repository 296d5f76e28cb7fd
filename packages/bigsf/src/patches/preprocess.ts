import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { machineTrouble, makeFolder, pathExists, removeUnfinished, wholeText } from "@ml-mosaic/base";
import { BigsfError } from "../errors.ts";
import { mapNotes } from "../maps/map-notes.ts";
import { type MapDigests, type MapPaths, type Maps, openMaps } from "../maps/maps.ts";
import { joinRanges } from "../maps/positive-range.ts";
import { fileOfMap, nameOf, refuseTwins, type SourceMap, startContentDigest } from "../maps/source-map.ts";
import { channelCount } from "./channel-count.ts";
import { drawOverview } from "./draw-overview.ts";
import { openHdf5 } from "./hdf5.ts";
import { digestPatches } from "./patch-digest.ts";
import { readAttributes, readMaps } from "./patch-file-attributes.ts";
import type { CompressionLevel, PatchFileAttributes } from "./patch-file-layout.ts";
import type { PatchRules } from "./patch-rules.ts";
import { type PatchPlan, planPatches } from "./plan-patches.ts";
import { writePatches } from "./write-patches.ts";

export interface PreprocessOptions {
  readonly maps: readonly SourceMap[];
  readonly rules: PatchRules;
  readonly compression: CompressionLevel;
  /** Gets `patches.h5`, `overview.png` (of several maps one each) and `config.yaml`; made where it is not there. */
  readonly folder: string;
  /** Replace patches of another configuration. */
  readonly overwrite: boolean;
  /** Write more than 100 GB. */
  readonly allowLarge: boolean;
  /** The resolved configuration, as YAML. */
  readonly configuration: string;
  readonly onRows?: (done: number, total: number) => void;
  /** Told before anything is written. */
  readonly onPlan?: (maps: readonly PlannedMap[]) => void;
  readonly onPatches?: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** A map, and what patches it gives. */
export interface PlannedMap {
  readonly name: string;
  readonly paths: MapPaths;
  readonly plan: PlanSummary;
}

/** Without its pictures, which are drawn and gone. */
export type PlanSummary = Omit<PatchPlan, "pictures">;

export type PreprocessResult =
  /** The file that was there has what was asked for. */
  | { readonly kind: "reused"; readonly path: string }
  | {
      readonly kind: "written";
      readonly path: string;
      /** One for each map. */
      readonly maps: readonly (PlannedMap & { readonly overview: string })[];
      /** What should be known of all maps together. */
      readonly notes: readonly string[];
      /** Size of the file. */
      readonly bytes: number;
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
  const { folder, rules, compression, onPlan, onPatches, signal } = options;
  const path = join(folder, "patches.h5");
  await using resources = new AsyncDisposableStack();
  const opened = await openAll(options.maps, rules.patchSize, resources);
  const sources = opened.map((each) => each.sources);
  channelCount(options.maps, rules);
  const attributes: PatchFileAttributes = { ...rules, compression, digest: digestPatches(sources, rules) };
  const there = await findExisting(path);
  if (there !== undefined) {
    const differences =
      there.attributes === undefined ? [there.problem] : differencesOf(there, { attributes, maps: opened });
    if (differences.length === 0) return { kind: "reused", path };
    if (!options.overwrite) throw inTheWay(path, differences);
  }
  const planned = await planAll(opened, options);
  onPlan?.(planned);
  const [kept, bytes] = [sumOf(planned, ({ plan }) => plan.kept), sumOf(planned, ({ plan }) => plan.bytes)];
  if (bytes > LARGE_BYTES && !options.allowLarge) throw tooLarge(bytes, kept);
  await makeFolder(folder);
  await removeUnfinished(folder);
  for (const map of there?.maps ?? [])
    await rm(join(folder, fileOfMap(overviewName, map, there?.maps?.length ?? 1)), { force: true });
  await writeFile(join(folder, "config.yaml"), options.configuration);
  const written = planned.map((each) => ({
    ...each,
    overview: join(folder, fileOfMap(overviewName, each, planned.length)),
  }));
  for (const { overview, picture } of written) await writeFile(overview, picture);
  const { normalizationOver = "patch" } = rules;
  const common = normalizationOver === "all" ? joinRanges(planned.map(({ plan }) => plan.range)) : undefined;
  await writePatches({
    maps: planned.map(({ name, maps, plan, sources }) => ({
      name,
      maps,
      shape: maps.shape,
      inside: maps.inside,
      sources,
      labelledShare: plan.tally.labelled / plan.tally.pixels,
      count: plan.kept,
      rules: { ...rules, range: normalizationOver === "map" ? plan.range : common },
    })),
    path,
    attributes: { ...attributes, range: common },
    onPatches: (done) => onPatches?.(done, kept),
    signal,
  });
  const notes = mapNotes(
    opened.map(({ name, maps }) => ({ name, header: maps.header, shape: maps.shape })),
    rules,
  );
  return { kind: "written", path, maps: written, notes, bytes: (await stat(path)).size };
}

const overviewName = "overview.png";

interface OpenMap {
  readonly name: string;
  readonly maps: Maps;
  readonly sources: MapDigests;
}

/** @throws BigsfError `MAP` with everything that is wrong with any of them */
async function openAll(
  given: readonly SourceMap[],
  least: number,
  resources: AsyncDisposableStack,
): Promise<readonly OpenMap[]> {
  const opened: OpenMap[] = [];
  const problems: string[] = [];
  for (const map of given) {
    try {
      const maps = await openMaps(map, { coordinates: map.coordinates, region: map.region, least });
      resources.defer(() => maps.close());
      opened.push({ name: nameOf(map), maps, sources: await maps.digests() });
    } catch (error) {
      if (given.length === 1 || !(error instanceof BigsfError) || machineTrouble(error) !== undefined) throw error;
      problems.push(`${nameOf(map)}: ${error.message}`);
    }
  }
  if (problems.length > 0) throw new BigsfError("MAP", problems.join("\n"));
  return opened;
}

interface PicturedMap extends PlannedMap, OpenMap {
  /** PNG. */
  readonly picture: Uint8Array;
}

/** Goes once through each map. @throws BigsfError `MAP` with everything that cannot be cut */
async function planAll(
  opened: readonly OpenMap[],
  { rules, onRows, signal }: PreprocessOptions,
): Promise<readonly PicturedMap[]> {
  const total = sumOf(opened, ({ maps }) => maps.shape[0]);
  const planned: PicturedMap[] = [];
  const problems: string[] = [];
  let rows = 0;
  for (const { name, maps, sources } of opened) {
    const content = opened.length > 1 ? startContentDigest(maps.shape) : undefined;
    const whole = await planPatches(maps, rules, { content, onRows: (done) => onRows?.(rows + done, total), signal });
    rows += maps.shape[0];
    const { pictures: _, ...plan } = whole;
    const problem = planProblem(plan, maps, rules);
    if (problem === undefined)
      planned.push({
        name,
        maps,
        sources,
        paths: maps.paths,
        plan,
        picture: await drawOverview(whole, maps, opened.length > 1 ? name : undefined),
      });
    else problems.push(opened.length === 1 ? problem : `${name}: ${problem}`);
  }
  if (problems.length > 0) throw new BigsfError("MAP", problems.join("\n"));
  refuseTwins(planned.map(({ name, plan }) => ({ name, content: plan.content })));
  return planned;
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}

interface Asked {
  readonly attributes: PatchFileAttributes;
  readonly maps: readonly { readonly name: string; readonly sources?: MapDigests | undefined }[];
}

type Existing =
  | (Asked & { readonly problem?: never })
  | { readonly attributes?: never; readonly maps?: never; readonly problem: string };

async function findExisting(path: string): Promise<Existing | undefined> {
  if (!pathExists(path)) return undefined;
  try {
    const file = await openHdf5(path);
    const attributes = readAttributes(file);
    const maps = readMaps(file);
    file.close();
    return attributes === undefined ? { problem: "it does not say how it was made" } : { attributes, maps };
  } catch (error) {
    if (error instanceof BigsfError && machineTrouble(error) === undefined) return { problem: error.message };
    throw error;
  }
}

function differencesOf(before: Asked, now: Asked): readonly string[] {
  const compare = (name: string, there: unknown, asked: unknown) =>
    String(there) === String(asked) ? [] : [`${name} ${there} there, ${asked} asked for`];
  const [there, wanted] = [before.attributes, now.attributes];
  const names = (maps: Asked["maps"]) => (maps.length === 1 ? "one map" : maps.map(({ name }) => name).join(", "));
  const sameMaps = before.maps.length === now.maps.length;
  return [
    ...compare("patch_size", there.patchSize, wanted.patchSize),
    ...compare("stride", there.stride, wanted.stride),
    ...compare("normalization", there.normalization, wanted.normalization),
    ...compare("normalization_over", there.normalizationOver ?? "patch", wanted.normalizationOver ?? "patch"),
    ...compare("gzip level", there.compression, wanted.compression),
    ...compare("maps", names(before.maps), names(now.maps)),
    ...(sameMaps ? now.maps : []).flatMap(({ name, sources }, map) =>
      (["image", "channels", "target", "missing", "background"] as const).flatMap((layer) =>
        String(before.maps[map]?.sources?.[layer]) === String(sources?.[layer])
          ? []
          : [`another ${layer}${now.maps.length > 1 ? ` of ${name}` : ""}`],
      ),
    ),
  ];
}

function inTheWay(path: string, differences: readonly string[]): BigsfError {
  return new BigsfError(
    "OUTPUT",
    `${path} is of another configuration: ${differences.join("; ")}. Give another output, or overwrite: true.`,
  );
}

function planProblem(
  { kept, dropped, grid, tally }: PlanSummary,
  { paths }: Maps,
  rules: PatchRules,
): string | undefined {
  if (kept === 0) {
    const reasons = [
      dropped.noSignal + dropped.neither > 0 ? `${paths.image} has no pixel > 0 in them` : undefined,
      dropped.noLabels + dropped.neither > 0
        ? `none of their pixels is labelled (${paths.background} or ${paths.target} > 0 where ${paths.missing} > 0)`
        : undefined,
    ].filter((reason) => reason !== undefined);
    return `No patch is kept of ${wholeText(grid.candidates)}: ${reasons.join(", or ")}. Check the four maps.`;
  }
  if (rules.normalization === "none" && Math.max(tally.highest, -tally.lowest) > LARGEST_FLOAT32)
    return `${paths.image} has values up to ${tally.highest}: patches are float32, up to 3.4e38. Give normalization: minmax or log.`;
  return undefined;
}

function tooLarge(bytes: number, kept: number): BigsfError {
  const gigabytes = wholeText(bytes / 1e9);
  return new BigsfError(
    "OUTPUT",
    `${wholeText(kept)} patches take up to ${gigabytes} GB. Say --yes if that is meant; otherwise give a larger stride, or cut patches while training, without a copy: data.source in the training's configuration takes the maps.`,
  );
}
