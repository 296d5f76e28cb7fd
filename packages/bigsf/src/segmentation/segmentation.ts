import { availableParallelism } from "node:os";
import { join } from "node:path";
import {
  boolean,
  component,
  configurable,
  float,
  int,
  list,
  literal,
  type Objection,
  path,
  schema,
  string,
  union,
  within,
} from "@ml-mosaic/configurable";
import { parseDevice } from "@ml-mosaic/tensor";
import { deviceName } from "@ml-mosaic/training";
import { BigsfError } from "../errors.ts";
import { existingFile } from "../existing-file.ts";
import { channelsOption } from "../maps/map-files.ts";
import { regionOption } from "../maps/region.ts";
import { coordinatesOption } from "../maps/same-pixels.ts";
import { nameOf, nameProblems } from "../maps/source-map.ts";
import { NORMALIZATIONS } from "../patches/patch-rules.ts";
import { type RunOptions, runSegmentation, type SegmentationResult } from "./run-segmentation.ts";
import { checkMaps, overlapObjection, type SegmentationSettings } from "./segmentation-plan.ts";

const count = within(int, { minimum: 1 });

/** What is segmented: a map, and where it can be trusted. */
const mapOptions = {
  channels: channelsOption,
  missing: schema(existingFile(), {
    optional: true,
    help: "FITS file that is 1 where the map is valid; without it, all of it is",
  }),
  coordinates: coordinatesOption,
  region: regionOption,
};

const sourceHelp = "FITS file of the map, also .fits.gz; map.fits[1] and map.fits[NAME] name an HDU";

/** One of several maps. */
class SegmentedMap extends configurable({
  name: schema(string, { optional: true, help: "Name of its folder in output; that of the source by default" }),
  source: schema(existingFile(), { help: sourceHelp }),
  ...mapOptions,
}) {}

/**
 * `bigsf segment`: finds the filaments of a map, or of several, with a trained model.
 *
 * @example await Segmentation.fromConfig("config_segment.yaml").run();
 */
export class Segmentation extends configurable({
  model_snapshot: schema(existingFile(), {
    help: "Snapshot of a trained model, such as results/run/best.safetensors, or the folder of bigsf train-k-fold: the mean of its models",
  }),
  source: schema(existingFile(), { optional: true, unless: "maps", help: sourceHelp }),
  ...mapOptions,
  maps: schema(list(component(SegmentedMap)), {
    optional: true,
    help: "Several maps, each with these keys and a name, instead of the one map above",
  }),
  output: schema(path, {
    help: "Folder for probability.fits, mask.fits, preview.png, config.yaml and perhaps uncertainty.fits; of several maps, for a folder of each",
  }),
  batch_size: schema(count, { default: 16, help: "Patches that are predicted together" }),
  overlap: schema(within(int, { minimum: 0 }), {
    optional: true,
    help: "Pixels that neighbouring patches share, less than patch_size; half of it by default",
  }),
  blend: schema(literal("mean", "gaussian"), {
    default: "gaussian",
    help: "How patches that overlap are averaged: all alike, or most where they are centred",
  }),
  threshold: schema(union(literal("validation"), within(float, { minimum: 0, maximum: 1 })), {
    default: 0.5,
    help: "Where the probability is above it, the mask is 1; validation: what best_threshold among the metrics of the training found",
  }),
  calibrated: schema(boolean, {
    optional: true,
    help: "Whether probabilities are what bigsf calibrate has made right; where it has, by default",
  }),
  symmetries: schema(boolean, {
    default: false,
    help: "Whether each model also sees patches turned and mirrored in all eight ways: the mean of these, in eight times the time",
  }),
  seen: schema(boolean, {
    default: false,
    help: "Whether all models of a folder are heard on a map that they were trained on, instead of its out-of-fold map",
  }),
  patch_size: schema(count, { optional: true, help: "Side of the patches; as in training by default" }),
  normalization: schema(literal(...NORMALIZATIONS), {
    optional: true,
    help: "Of the positive pixels in each patch; as in training by default",
  }),
  threads: schema(count, {
    optional: true,
    help: "Threads that share the work; as many as there are cores by default",
  }),
  device: schema(deviceName, { default: "cpu", help: "cpu, webgpu, cuda:0, cuda:1…" }),
  overwrite: schema(boolean, { default: false, help: "Replace the results of another configuration" }),
}) {
  override *preconditions(): Iterable<Objection> {
    yield* mapObjections(this);
    const { overlap, patch_size } = this;
    if (overlap !== undefined && patch_size !== undefined) yield* overlapObjection(overlap, patch_size);
  }

  /**
   * Segments the map, or the only one of `maps`.
   *
   * @throws ConfigurationError, BigsfError, see `runSegmentation`
   */
  run(options: RunOptions = {}): Promise<SegmentationResult> {
    const [only, ...others] = this.each();
    if (only === undefined || others.length > 0)
      throw new BigsfError("MAP", "there are several maps: run each() of them");
    return only.run(options);
  }

  /**
   * Looks at all maps, before the first of several is segmented.
   *
   * @throws ConfigurationError with everything that is wrong with any of them
   */
  async check(): Promise<void> {
    if (this.maps === undefined) return;
    await checkMaps(this.maps.map((map) => this.#settings(map, this.output)));
  }

  /** The segmentations of all maps, each to be run by itself; where there are several, into a folder of its own. */
  each(): readonly MapSegmentation[] {
    return this.settings().map((settings) => ({
      name: nameOfSource(settings),
      run: (options = {}) => runSegmentation(settings, options),
    }));
  }

  /** What all maps are segmented by. */
  settings(): readonly SegmentationSettings[] {
    const { source, channels, missing, coordinates, region, output } = this;
    const maps = this.maps ?? (source === undefined ? [] : [{ source, channels, missing, coordinates, region }]);
    return maps.map((map) => {
      const name = nameOfSource(map);
      const place = this.maps === undefined ? output : join(output, name);
      return { ...this.#settings(map, place), name: this.maps === undefined ? undefined : name };
    });
  }

  #settings(map: OneMap, output: string): SegmentationSettings {
    const { model_snapshot, batch_size, overlap, blend, threshold, calibrated, symmetries, seen } = this;
    const { patch_size, normalization, threads, device, overwrite } = this;
    return {
      modelSnapshot: model_snapshot,
      source: map.source,
      channels: map.channels ?? [],
      missing: map.missing,
      coordinates: map.coordinates,
      region: map.region,
      output,
      batchSize: batch_size,
      overlap,
      blend,
      threshold,
      calibrated,
      symmetries,
      seen,
      patchSize: patch_size,
      normalization,
      threads: threads ?? availableParallelism(),
      device: parseDevice(device),
      overwrite,
    };
  }
}

/** The segmentation of one map. */
export interface MapSegmentation {
  readonly name: string;
  /** @throws ConfigurationError, BigsfError, see `runSegmentation` */
  run(options?: RunOptions): Promise<SegmentationResult>;
}

type OneMap = Pick<SegmentedMap, "source" | "channels" | "missing" | "coordinates" | "region"> & {
  readonly name?: string | undefined;
};

function nameOfSource({ name, source }: Pick<OneMap, "name" | "source">): string {
  return nameOf({ name, image: source });
}

function* mapObjections({ maps, source, missing, coordinates, region }: Segmentation): Iterable<Objection> {
  if (maps === undefined) return;
  if (maps.length === 0) yield { option: "maps", message: "expected one map or more" };
  const beside = { source, missing, region, coordinates: coordinates === "check" ? undefined : coordinates };
  for (const [option, value] of Object.entries(beside))
    if (value !== undefined) yield { option, message: "belongs into each of maps, where these are given" };
  const names = maps.map((map) => ({ name: map.name, image: map.source }));
  for (const { place, message } of nameProblems(names)) yield { option: ["maps", place], message };
}
