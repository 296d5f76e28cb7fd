import { TensorError } from "../errors.ts";
import { binaryCrossEntropy } from "../ops/binary-cross-entropy.ts";
import * as elementwise from "../ops/elementwise.ts";
import type { Tensor } from "../tensor.ts";
import { checkSameShape, type Loss, type Reduction, type ReductionOptions, reduceLoss } from "./reduction.ts";

/** Cross entropy of probabilities in [0, 1]; logarithms are kept at -100 or above, as in PyTorch. */
export class BCELoss implements Loss {
  readonly options: ReductionOptions & { readonly weight?: Tensor };
  constructor(options: ReductionOptions & { readonly weight?: Tensor } = {}) {
    this.options = options;
  }
  forward(prediction: Tensor, target: Tensor): Tensor {
    checkSameShape("BCELoss", prediction, target);
    const values = prediction.float().apply(binaryCrossEntropy, [target.float()], {});
    return reduceLoss(weighted(values, this.options.weight), this.options.reduction);
  }
}

/** Sigmoid and binary cross entropy in one, without overflow; `posWeight` scales the loss of positive targets. */
export class BCEWithLogitsLoss implements Loss {
  readonly options: ReductionOptions & { readonly weight?: Tensor; readonly posWeight?: Tensor };
  constructor(options: ReductionOptions & { readonly weight?: Tensor; readonly posWeight?: Tensor } = {}) {
    this.options = options;
  }
  forward(prediction: Tensor, target: Tensor): Tensor {
    checkSameShape("BCEWithLogitsLoss", prediction, target);
    const { weight, posWeight, reduction } = this.options;
    const truth = target.float();
    // -log sigmoid(x) = softplus(-x), -log(1 - sigmoid(x)) = softplus(x) = softplus(-x) + x
    const values =
      posWeight === undefined
        ? softplus(prediction).sub(prediction.mul(truth))
        : truth
            .neg()
            .add(1)
            .mul(prediction)
            .add(softplus(prediction.neg()).mul(truth.mul(posWeight.sub(1)).add(1)));
    return reduceLoss(weighted(values, weight), reduction);
  }
}

function softplus(tensor: Tensor): Tensor {
  return tensor.float().apply(elementwise.softplus, [], {});
}

function weighted(values: Tensor, weight: Tensor | undefined): Tensor {
  return weight === undefined ? values : values.mul(weight);
}

/** Kullback-Leibler divergence of log-probabilities from probabilities: target (log target - prediction). */
export class KLDivLoss implements Loss {
  readonly options: { readonly reduction?: Reduction | "batchmean"; readonly logTarget?: boolean };
  constructor(options: { readonly reduction?: Reduction | "batchmean"; readonly logTarget?: boolean } = {}) {
    this.options = options;
  }
  forward(prediction: Tensor, target: Tensor): Tensor {
    checkSameShape("KLDivLoss", prediction, target);
    const { reduction = "mean", logTarget = false } = this.options;
    const truth = target.float();
    // 0 log 0 counts as 0: the logarithm of 1 stands in for it.
    const logTruth = logTarget ? truth : truth.gt(0).where(truth, truth.onesLike()).log();
    const values = (logTarget ? truth.exp() : truth).mul(logTruth.sub(prediction));
    if (reduction !== "batchmean") return reduceLoss(values, reduction);
    if (values.ndim === 0)
      throw new TensorError("TENSOR_SHAPE", "KLDivLoss: batchmean needs a batch axis, got a scalar");
    return values.sum().div(values.size(0));
  }
}
