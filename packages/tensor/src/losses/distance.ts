import { TensorError } from "../errors.ts";
import { pairwiseDistance } from "../functional/distance.ts";
import { sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type ReductionOptions, reduceLoss } from "./reduction.ts";

export interface TripletMarginLossOptions extends ReductionOptions {
  readonly margin?: number;
  /** Norm of the distance. */
  readonly p?: number;
  readonly eps?: number;
  /** Compare with the negative's distance from the positive where that is less (Balntas et al. 2016). */
  readonly swap?: boolean;
}

/** How much nearer than the margin the negative is to the anchor than the positive: max(0, d(a, p) - d(a, n) + margin). */
export class TripletMarginLoss {
  readonly options: TripletMarginLossOptions;
  constructor(options: TripletMarginLossOptions = {}) {
    this.options = options;
  }

  /** @param anchor and `positive`, `negative`: [batch, features] or [features] */
  forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { margin = 1, p = 2, eps = 1e-6, swap = false, reduction } = this.options;
    checkEqual("TripletMarginLoss", { anchor, positive, negative });
    const near = pairwiseDistance(anchor, positive, { p, eps });
    const far = pairwiseDistance(anchor, negative, { p, eps });
    const compared = swap ? far.minimum(pairwiseDistance(positive, negative, { p, eps })) : far;
    return reduceLoss(near.sub(compared).add(margin).clamp({ min: 0 }), reduction);
  }
}

export interface CosineEmbeddingLossOptions extends ReductionOptions {
  /** Cosine below which what is to differ costs nothing. */
  readonly margin?: number;
}

/** 1 - cosine where the target is 1, max(0, cosine - margin) where it is -1. */
export class CosineEmbeddingLoss {
  readonly options: CosineEmbeddingLossOptions;
  constructor(options: CosineEmbeddingLossOptions = {}) {
    this.options = options;
  }

  /**
   * @param x1 and `x2`: [batch, features] or [features]
   * @param target [batch] or []: 1 or -1
   */
  forward(x1: Tensor, x2: Tensor, target: Tensor): Tensor {
    const { margin = 0, reduction } = this.options;
    checkEqual("CosineEmbeddingLoss", { x1, x2 });
    if (!sameShape(target.shape, x1.shape.slice(0, -1))) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `CosineEmbeddingLoss: the target ${showShape(target.shape)} must be ${showShape(x1.shape.slice(0, -1))}, one number for each pair`,
      );
    }
    // PyTorch's small number keeps the gradient of a zero vector finite.
    const square = (x: Tensor) => x.mul(x).sum(-1).add(1e-12);
    const cosine = x1
      .mul(x2)
      .sum(-1)
      .div(square(x1).mul(square(x2)).sqrt());
    const zero = cosine.zerosLike();
    const alike = target.eq(1).where(cosine.neg().add(1), zero);
    const apart = target.eq(-1).where(cosine.sub(margin).clamp({ min: 0 }), zero);
    return reduceLoss(alike.add(apart), reduction);
  }
}

function checkEqual(name: string, tensors: Readonly<Record<string, Tensor>>): void {
  const [first, ...others] = Object.values(tensors);
  const fits =
    first !== undefined &&
    (first.ndim === 1 || first.ndim === 2) &&
    others.every(({ shape }) => sameShape(shape, first.shape));
  if (fits) return;
  const shapes = Object.entries(tensors).map(([what, { shape }]) => `${what} ${showShape(shape)}`);
  throw new TensorError(
    "TENSOR_SHAPE",
    `${name}: ${shapes.join(", ")} must be of one shape, [batch, features] or [features]`,
  );
}
