import { availableParallelism } from "node:os";
import { pathExists } from "@ml-mosaic/base";
import {
  boolean,
  configurable,
  float,
  int,
  literal,
  type Objection,
  path,
  schema,
  union,
  within,
} from "@ml-mosaic/configurable";
import { parseDevice } from "@ml-mosaic/tensor";
import { deviceName } from "@ml-mosaic/training";
import { fileOfAddress } from "../maps/plane.ts";
import { coordinatesOption } from "../maps/same-pixels.ts";
import { NORMALIZATIONS } from "../patches/patch-rules.ts";
import { type RunOptions, runSegmentation, type SegmentationResult } from "./run-segmentation.ts";
import { overlapObjection } from "./segmentation-plan.ts";

const count = within(int, { minimum: 1 });

/**
 * `bigsf segment`: finds the filaments of a map with a trained model.
 *
 * @example await Segmentation.fromConfig("config_segment.yaml").run();
 */
export class Segmentation extends configurable({
  model_snapshot: schema(path, { help: "Snapshot of a trained model, such as results/run/best.safetensors" }),
  source: schema(path, { help: "FITS file of the map, also .fits.gz; map.fits[1] and map.fits[NAME] name an HDU" }),
  missing: schema(path, {
    optional: true,
    help: "FITS file that is 1 where the map is valid; without it, all of it is",
  }),
  coordinates: coordinatesOption,
  output: schema(path, { help: "Folder for probability.fits, mask.fits, preview.png and config.yaml" }),
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
    for (const option of ["model_snapshot", "source", "missing"] as const) {
      const file = this[option];
      // An HDU may be named behind the file.
      if (file !== undefined && !pathExists(file) && !pathExists(fileOfAddress(file)))
        yield { option, message: `there is no file ${file}` };
    }
    const { overlap, patch_size } = this;
    if (overlap !== undefined && patch_size !== undefined) yield* overlapObjection(overlap, patch_size);
  }

  /** @throws ConfigurationError, BigsfError, see `runSegmentation` */
  run(options: RunOptions = {}): Promise<SegmentationResult> {
    const { model_snapshot, source, missing, output, batch_size, overlap, blend, threshold } = this;
    const { patch_size, normalization, threads, device, overwrite } = this;
    return runSegmentation(
      {
        modelSnapshot: model_snapshot,
        source,
        missing,
        coordinates: this.coordinates,
        output,
        batchSize: batch_size,
        overlap,
        blend,
        threshold,
        patchSize: patch_size,
        normalization,
        threads: threads ?? availableParallelism(),
        device: parseDevice(device),
        overwrite,
      },
      options,
    );
  }
}
