import {
  type Dataset,
  type DatasetOrigin,
  fromArray,
  type Generator,
  type GeneratorAt,
  type Sample,
  type SampleArray,
} from "@ml-mosaic/tensor";
import type { PatchSource } from "../patches/patch-source.ts";
import { tubedSkeleton } from "../skeleton/skeletonize.ts";
import type { BaseAugmentation, PatchLayers } from "./augmentations/base-augmentation.ts";

/** What a data set needs of a source of patches. */
export type PatchReader = Pick<PatchSource, "patchSize" | "channels" | "positions" | "read">;

export interface PatchDatasetOptions {
  readonly source: PatchReader;
  /** The numbers of the patches in the source, which are the samples. */
  readonly indices: Int32Array<ArrayBuffer>;
  /** Done to each sample, one after the other. */
  readonly augmentations?: readonly BaseAugmentation[];
  /** Whether samples tell where in the map they are. */
  readonly encodePositions?: boolean;
  /** Whether targets have a third layer, the tubed skeletons of filaments. */
  readonly skeletons?: boolean;
  /** A random order of the samples that suits the source; without it any order is taken. */
  readonly shuffled?: Dataset["shuffled"];
  /** How another thread makes the same data set. */
  readonly origin?: DatasetOrigin | undefined;
}

/**
 * Patches as samples. Their fields, all float32: the patch [channels, P, P]; with `encodePositions` its position [2, 2] in the
 * map as [[y0, y1], [x0, x1]], end-exclusive; the target [2, P, P]: 1 where a filament is, and 1 where that is known; with
 * `skeletons` [3, P, P], 1 around the skeletons of filaments where they are known.
 */
export class PatchDataset implements Dataset {
  readonly source: PatchReader;
  readonly indices: Int32Array<ArrayBuffer>;
  readonly augmentations: readonly BaseAugmentation[];
  readonly encodePositions: boolean;
  readonly skeletons: boolean;
  readonly shuffled: Dataset["shuffled"];
  readonly origin: DatasetOrigin | undefined;

  constructor(options: PatchDatasetOptions) {
    this.source = options.source;
    this.indices = options.indices;
    this.augmentations = options.augmentations ?? [];
    this.encodePositions = options.encodePositions ?? false;
    this.skeletons = options.skeletons ?? false;
    this.shuffled = options.shuffled;
    this.origin = options.origin;
  }

  get length(): number {
    return this.indices.length;
  }

  async get(index: number, generator: Generator): Promise<Sample> {
    const fields = await this.getMany(Int32Array.of(index), () => generator);
    return fields.map(({ data, shape }) => fromArray(data, shape.slice(1)));
  }

  async getMany(indices: Int32Array, generatorAt: GeneratorAt): Promise<readonly SampleArray[]> {
    const size = this.source.patchSize;
    const [count, pixels] = [indices.length, size * size];
    const numbers = Int32Array.from(indices, (index) => this.indices[index] ?? -1);
    const { channels } = this.source;
    const patches = new Float32Array(count * channels * pixels);
    const spines = new Float32Array(count * pixels);
    const labelled = new Float32Array(count * pixels);
    await this.source.read(numbers, { patches, spines, labelled });
    const layerCount = this.skeletons ? 3 : 2;
    const target = new Float32Array(layerCount * count * pixels);
    for (let sample = 0; sample < count; sample++) {
      const [from, to] = [sample * pixels, layerCount * sample * pixels];
      for (let pixel = 0; pixel < pixels; pixel++) {
        target[to + pixel] = (spines[from + pixel] ?? 0) > 0 ? 1 : 0;
        target[to + pixels + pixel] = (labelled[from + pixel] ?? 0) > 0 ? 1 : 0;
      }
      const layers = {
        size,
        patch: patches.subarray(channels * from, channels * (from + pixels)),
        spine: target.subarray(to, to + pixels),
        labelled: target.subarray(to + pixels, to + 2 * pixels),
      };
      if (this.augmentations.length > 0) {
        const generator = generatorAt(sample);
        for (const augmentation of this.augmentations) augmentation.augment(layers, generator);
      }
      if (this.skeletons) target.set(tubeOf(layers), to + 2 * pixels);
    }
    return [
      { data: patches, shape: [count, channels, size, size], dtype: "float32" },
      ...(this.encodePositions ? [this.#positionsOf(numbers)] : []),
      { data: target, shape: [count, layerCount, size, size], dtype: "float32" },
    ];
  }

  #positionsOf(numbers: Int32Array): SampleArray {
    const { positions, patchSize } = this.source;
    const data = new Float32Array(4 * numbers.length);
    for (const [sample, patch] of numbers.entries()) {
      const [y = 0, x = 0] = positions.subarray(2 * patch, 2 * patch + 2);
      data.set([y, y + patchSize, x, x + patchSize], 4 * sample);
    }
    return { data, shape: [numbers.length, 2, 2], dtype: "float32" };
  }
}

/** What is not labelled is no filament here. */
function tubeOf({ size, spine, labelled }: Pick<PatchLayers, "size" | "spine" | "labelled">): Uint8Array {
  return tubedSkeleton(
    spine.map((there, pixel) => there * (labelled[pixel] ?? 0)),
    size,
  );
}
