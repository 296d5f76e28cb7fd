import {
  boolean,
  component,
  configurable,
  int,
  list,
  literal,
  type Objection,
  path,
  resolvedConfig,
  schema,
  toYaml,
  union,
} from "@ml-mosaic/configurable";
import { channelsOption, MapFiles } from "../maps/map-files.ts";
import { regionOption } from "../maps/region.ts";
import { coordinatesOption } from "../maps/same-pixels.ts";
import { nameProblems, type SourceMap } from "../maps/source-map.ts";
import { NORMALIZATIONS, NORMALIZED_OVER } from "./patch-rules.ts";
import { type PreprocessOptions, type PreprocessResult, preprocess } from "./preprocess.ts";

/** The default of h5py. */
const GZIP_LEVEL = 4;

/**
 * `bigsf preprocess`: cuts a map into patches.
 *
 * @example await Preprocessing.fromConfig("config_preprocess.yaml").run();
 */
export class Preprocessing extends configurable({
  image: schema(path, { optional: true, unless: "maps", help: "FITS file of the map; map.fits[NAME] names an HDU" }),
  channels: channelsOption,
  target: schema(path, {
    optional: true,
    unless: "maps",
    help: "FITS file that is 1 on filaments (spine and branches)",
  }),
  missing: schema(path, { optional: true, unless: "maps", help: "FITS file that is 1 where the image is valid" }),
  background: schema(path, {
    optional: true,
    unless: "maps",
    help: "FITS file that is 1 where there is certainly no filament",
  }),
  coordinates: coordinatesOption,
  region: regionOption,
  maps: schema(list(component(MapFiles)), {
    optional: true,
    help: "Several maps, each with these keys, instead of the one map above",
  }),
  output: schema(path, { help: "Folder for patches.h5, overview.png and config.yaml" }),
  patch_size: schema(int, { default: 32, help: "Side of the patches in pixels" }),
  stride: schema(int, { default: 1, help: "Pixels from one patch to the next, along both axes" }),
  normalization: schema(literal(...NORMALIZATIONS), {
    default: "minmax",
    help: "Of the positive pixels in each patch: to 0..1, the same after log10, or none",
  }),
  normalization_over: schema(literal(...NORMALIZED_OVER), {
    default: "patch",
    help: "Whose smallest and largest positive pixel become 0 and 1: of each patch, of each map, or of all maps",
  }),
  compression: schema(union(literal("gzip", "none"), int), {
    default: "gzip",
    help: "gzip (level 4), a gzip level from 1 to 9, or none",
  }),
  overwrite: schema(boolean, { default: false, help: "Replace a patches.h5 of another configuration" }),
}) {
  override *preconditions(): Iterable<Objection> {
    yield* mapObjections(this);
    if (this.normalization === "none" && this.normalization_over !== "patch")
      yield { option: "normalization_over", message: "nothing is normalised with normalization: none; leave it out" };
    if (this.patch_size < 1) yield { option: "patch_size", message: `expected 1 or more, got ${this.patch_size}` };
    if (this.stride < 1) yield { option: "stride", message: `expected 1 or more, got ${this.stride}` };
    if (typeof this.compression === "number" && (this.compression < 0 || this.compression > 9)) {
      yield { option: "compression", message: `expected a gzip level from 0 to 9, got ${this.compression}` };
    }
  }

  /** @throws BigsfError, see `preprocess` */
  run(options: RunOptions = {}): Promise<PreprocessResult> {
    const { compression } = this;
    const named = { gzip: GZIP_LEVEL, none: 0 } as const;
    return preprocess({
      allowLarge: false,
      ...options,
      maps: mapsOf(this),
      rules: {
        patchSize: this.patch_size,
        stride: this.stride,
        normalization: this.normalization,
        normalizationOver: this.normalization_over,
      },
      compression: typeof compression === "number" ? compression : named[compression],
      folder: this.output,
      overwrite: this.overwrite,
      configuration: toYaml(resolvedConfig(this)),
    });
  }
}

const files = ["image", "target", "missing", "background"] as const;

type MapOptions = Pick<Preprocessing, (typeof files)[number] | "channels" | "coordinates" | "region" | "maps">;

function mapsOf({
  maps,
  image,
  channels,
  target,
  missing,
  background,
  coordinates,
  region,
}: MapOptions): readonly SourceMap[] {
  if (maps !== undefined) return maps;
  if (image === undefined || target === undefined || missing === undefined || background === undefined) return [];
  return [{ image, channels, target, missing, background, coordinates, region }];
}

function* mapObjections({ maps, channels, coordinates, region, ...one }: MapOptions): Iterable<Objection> {
  if (maps === undefined) return;
  if (maps.length === 0) yield { option: "maps", message: "expected one map or more" };
  const beside = files.filter((name) => one[name] !== undefined);
  for (const option of [
    ...beside,
    ...(channels === undefined ? [] : ["channels"]),
    ...(coordinates === "check" ? [] : ["coordinates"]),
    ...(region === undefined ? [] : ["region"]),
  ])
    yield { option, message: "belongs into each of maps, where these are given" };
  for (const { place, message } of nameProblems(maps)) yield { option: ["maps", place], message };
}

export type RunOptions = Partial<Pick<PreprocessOptions, "allowLarge" | "onRows" | "onPlan" | "onPatches" | "signal">>;
