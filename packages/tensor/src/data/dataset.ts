import { TensorError } from "../errors.ts";
import type { SampleArray } from "../program/batches.ts";
import { defaultGenerator, type Generator } from "../random/generator.ts";
import type { Tensor } from "../tensor.ts";

/** Samples held in memory: some fields (features, target…) and the rows of them that belong to the data set. */
export interface Samples {
  readonly fields: readonly SampleArray[];
  /** Position of each sample in the fields. */
  readonly rows: Int32Array;
}

/** A data set whose samples are numbered from 0. */
export interface Dataset {
  readonly length: number;
  samples(): Promise<Samples>;
}

/** Tensors that agree in their first size, the number of samples: usually features and targets. */
export class TensorDataset implements Dataset {
  readonly tensors: readonly Tensor[];
  readonly length: number;
  #fields: Promise<readonly SampleArray[]> | undefined;

  constructor(...tensors: readonly Tensor[]) {
    const [first] = tensors;
    if (first === undefined) throw new TensorError("TENSOR_VALUE", "TensorDataset needs at least one tensor");
    for (const { shape } of tensors) {
      if (shape.length === 0 || shape[0] !== first.shape[0]) {
        throw new TensorError(
          "TENSOR_SHAPE",
          `TensorDataset: the first sizes must be equal, got ${tensors.map((each) => `[${each.shape}]`).join(" and ")}`,
        );
      }
    }
    this.tensors = tensors;
    this.length = first.size(0);
  }

  async samples(): Promise<Samples> {
    this.#fields ??= Promise.all(
      this.tensors.map(async (tensor) => ({ data: await tensor.data(), shape: tensor.shape, dtype: tensor.dtype })),
    );
    return { fields: await this.#fields, rows: Int32Array.from({ length: this.length }, (_, index) => index) };
  }
}

/** The samples of a data set at the given positions. */
export class Subset implements Dataset {
  readonly dataset: Dataset;
  readonly indices: ArrayLike<number>;
  readonly length: number;

  constructor(dataset: Dataset, indices: ArrayLike<number>) {
    for (const index of Array.from(indices)) {
      if (!Number.isInteger(index) || index < 0 || index >= dataset.length) {
        throw new TensorError(
          "TENSOR_VALUE",
          `Subset: index ${index} is outside the data set of ${dataset.length} samples`,
        );
      }
    }
    this.dataset = dataset;
    this.indices = indices;
    this.length = indices.length;
  }

  async samples(): Promise<Samples> {
    const { fields, rows } = await this.dataset.samples();
    return { fields, rows: Int32Array.from(this.indices, (index) => rows[index] ?? 0) };
  }
}

/**
 * Splits a data set at random into parts that do not overlap.
 *
 * @param lengths sizes that add up to the data set's, or shares that add up to 1; what rounding leaves goes to the
 *   first parts, one each, as in PyTorch
 */
export function randomSplit<const Lengths extends readonly number[]>(
  dataset: Dataset,
  lengths: Lengths,
  options?: { readonly generator?: Generator },
): { -readonly [Index in keyof Lengths]: Subset };
export function randomSplit(
  dataset: Dataset,
  lengths: readonly number[],
  { generator = defaultGenerator() }: { readonly generator?: Generator } = {},
): Subset[] {
  const total = lengths.reduce((a, b) => a + b, 0);
  const shares = Math.abs(total - 1) < 1e-9 && lengths.every((length) => length >= 0 && length <= 1);
  const sizes = shares ? lengths.map((share) => Math.floor(dataset.length * share)) : [...lengths];
  if (shares) {
    const left = dataset.length - sizes.reduce((a, b) => a + b, 0);
    for (let index = 0; index < left; index++) sizes[index % sizes.length] = (sizes[index % sizes.length] ?? 0) + 1;
  }
  const sum = sizes.reduce((a, b) => a + b, 0);
  if (sum !== dataset.length || sizes.some((size) => !Number.isInteger(size) || size < 0)) {
    throw new TensorError(
      "TENSOR_VALUE",
      `randomSplit: lengths ${lengths.join(" + ")} must add up to ${dataset.length} samples, or be shares that add up to 1`,
    );
  }
  const order = generator.permutation(dataset.length);
  let offset = 0;
  return sizes.map((size) => {
    offset += size;
    return new Subset(dataset, order.subarray(offset - size, offset));
  });
}
