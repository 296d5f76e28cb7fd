import {
  boolean,
  configurable,
  int,
  literal,
  type Objection,
  path,
  resolvedConfig,
  schema,
  toYaml,
  union,
} from "@ml-mosaic/configurable";
import { coordinatesOption } from "../maps/same-pixels.ts";
import { NORMALIZATIONS } from "./patch-rules.ts";
import { type PreprocessOptions, type PreprocessResult, preprocess } from "./preprocess.ts";

/** The default of h5py. */
const GZIP_LEVEL = 4;

/**
 * `bigsf preprocess`: cuts a map into patches.
 *
 * @example await Preprocessing.fromConfig("config_preprocess.yaml").run();
 */
export class Preprocessing extends configurable({
  image: schema(path, { help: "FITS file of the map; map.fits[NAME] names an HDU" }),
  target: schema(path, { help: "FITS file that is 1 on filaments (spine and branches)" }),
  missing: schema(path, { help: "FITS file that is 1 where the image is valid" }),
  background: schema(path, { help: "FITS file that is 1 where there is certainly no filament" }),
  coordinates: coordinatesOption,
  output: schema(path, { help: "Folder for patches.h5, overview.png and config.yaml" }),
  patch_size: schema(int, { default: 32, help: "Side of the patches in pixels" }),
  stride: schema(int, { default: 1, help: "Pixels from one patch to the next, along both axes" }),
  normalization: schema(literal(...NORMALIZATIONS), {
    default: "minmax",
    help: "Of the positive pixels in each patch: to 0..1, the same after log10, or none",
  }),
  compression: schema(union(literal("gzip", "none"), int), {
    default: "gzip",
    help: "gzip (level 4), a gzip level from 1 to 9, or none",
  }),
  overwrite: schema(boolean, { default: false, help: "Replace a patches.h5 of another configuration" }),
}) {
  override *preconditions(): Iterable<Objection> {
    if (this.patch_size < 1) yield { option: "patch_size", message: `expected 1 or more, got ${this.patch_size}` };
    if (this.stride < 1) yield { option: "stride", message: `expected 1 or more, got ${this.stride}` };
    if (typeof this.compression === "number" && (this.compression < 0 || this.compression > 9)) {
      yield { option: "compression", message: `expected a gzip level from 0 to 9, got ${this.compression}` };
    }
  }

  /** @throws BigsfError, see `preprocess` */
  run(options: RunOptions = {}): Promise<PreprocessResult> {
    const { image, target, missing, background, compression } = this;
    const named = { gzip: GZIP_LEVEL, none: 0 } as const;
    return preprocess({
      allowLarge: false,
      ...options,
      maps: { image, target, missing, background },
      coordinates: this.coordinates,
      rules: { patchSize: this.patch_size, stride: this.stride, normalization: this.normalization },
      compression: typeof compression === "number" ? compression : named[compression],
      folder: this.output,
      overwrite: this.overwrite,
      configuration: toYaml(resolvedConfig(this)),
    });
  }
}

export type RunOptions = Partial<Pick<PreprocessOptions, "allowLarge" | "onRows" | "onPlan" | "onPatches" | "signal">>;
