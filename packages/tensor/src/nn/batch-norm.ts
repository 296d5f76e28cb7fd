import { TensorError } from "../errors.ts";
import { batchNorm, normalizeWith } from "../functional/normalization.ts";
import { bufferValue, updateBuffer } from "../graph/trace.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Buffer, Parameter } from "../variable.ts";
import { filled } from "./init.ts";
import { Module } from "./module.ts";

export interface BatchNormOptions {
  /** Added to the variance before its root is taken. */
  readonly eps?: number;
  /** Share of a batch in the running statistics; null: each batch seen has an equal share. */
  readonly momentum?: number | null;
  /** Whether there are a weight and a bias for each channel. */
  readonly affine?: boolean;
  /** Whether training keeps running statistics, with which evaluation normalises; without them it uses the batch's. */
  readonly trackRunningStats?: boolean;
}

/** A batch of statistics, one number a channel, with the number of values behind each. */
interface Statistics {
  readonly mean: Tensor;
  /** Biased. */
  readonly variance: Tensor;
  readonly count: number;
}

/** What PyTorch calls _NormBase: weights and running statistics of normalisations by channel. */
export abstract class ChannelNorm extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  /** [numFeatures] */
  readonly weight: Parameter | undefined;
  /** [numFeatures] */
  readonly bias: Parameter | undefined;
  readonly running_mean: Buffer | undefined;
  /** Unbiased. */
  readonly running_var: Buffer | undefined;
  readonly num_batches_tracked: Buffer | undefined;

  constructor(
    numFeatures: number,
    { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true }: BatchNormOptions,
  ) {
    super();
    if (!Number.isInteger(numFeatures) || numFeatures < 1) {
      throw new TensorError(
        "TENSOR_VALUE",
        `${this.constructor.name}: numFeatures is ${numFeatures}; it must be a whole number above 0`,
      );
    }
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.weight = affine ? new Parameter([numFeatures], filled(1)) : undefined;
    this.bias = affine ? new Parameter([numFeatures], filled(0)) : undefined;
    this.running_mean = trackRunningStats ? new Buffer([numFeatures], "float32", filled(0)) : undefined;
    this.running_var = trackRunningStats ? new Buffer([numFeatures], "float32", filled(1)) : undefined;
    this.num_batches_tracked = trackRunningStats ? new Buffer([], "int64", () => BigInt64Array.of(0n)) : undefined;
  }

  protected checkInput(input: Tensor, ranks: readonly number[], channelAxis = 1): void {
    if (!ranks.includes(input.ndim) || input.shape[channelAxis] !== this.numFeatures) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `${this.constructor.name}(${this.numFeatures}) got ${showShape(input.shape)}: it needs ${ranks.join(" or ")} axes, and ${this.numFeatures} channels in axis ${channelAxis}`,
      );
    }
  }

  /** Running statistics where evaluation uses them. */
  protected fixedStatistics(): readonly [mean: Tensor, variance: Tensor] | undefined {
    const { training, running_mean, running_var } = this;
    if (training || running_mean === undefined || running_var === undefined) return undefined;
    return [bufferValue(running_mean), bufferValue(running_var)];
  }

  /** Moves the running statistics towards those of a batch; through them no gradient flows. */
  protected track({ mean, variance, count }: Statistics, share: number | Tensor): void {
    const { running_mean, running_var } = this;
    if (!this.training || running_mean === undefined || running_var === undefined) return;
    for (const [buffer, value] of [
      [running_mean, mean],
      [running_var, variance.mul(count / (count - 1))],
    ] as const) {
      const before = bufferValue(buffer);
      // Nothing has no statistics, and leaves them where they were.
      updateBuffer(buffer, count === 0 ? before : before.add(value.detach().sub(before).mul(share)));
    }
  }
}

/** Normalises each channel over the batch. */
abstract class BatchNorm extends ChannelNorm {
  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    super(numFeatures, options);
  }

  protected normalized(input: Tensor): Tensor {
    const fixed = this.fixedStatistics();
    if (fixed !== undefined) return normalizeWith(input.float(), ...fixed, this);
    const { output, mean, variance } = batchNorm(input.float(), this);
    this.track({ mean, variance, count: input.numel / input.size(1) }, this.#share());
    return output;
  }

  /** Counts the batch. */
  #share(): number | Tensor {
    const { training, num_batches_tracked, momentum } = this;
    if (!training || num_batches_tracked === undefined) return 0;
    const batches = bufferValue(num_batches_tracked).add(1);
    updateBuffer(num_batches_tracked, batches);
    return momentum ?? batches.newFull([], 1, "float32").div(batches.float());
  }
}

/** Normalises each channel over the batch: [batch, channels, height, width]. */
export class BatchNorm2d extends BatchNorm {
  forward(input: Tensor): Tensor {
    this.checkInput(input, [4]);
    return this.normalized(input);
  }
}

/** Normalises each channel over the batch: [batch, channels] or [batch, channels, length]. */
export class BatchNorm1d extends BatchNorm {
  forward(input: Tensor): Tensor {
    this.checkInput(input, [2, 3]);
    return this.normalized(input);
  }
}
