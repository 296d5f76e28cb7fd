import { TensorError } from "../errors.ts";
import { sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Loss, type Reduction, type ReductionOptions, reduceLoss } from "./reduction.ts";

export interface NLLLossOptions extends ReductionOptions {
  /** [classes] */
  readonly weight?: Tensor;
  /** Targets of this class count for nothing. */
  readonly ignoreIndex?: number;
}

/** Minus the log-probability of the target class. Prediction [batch, classes, ...] or [classes], target [batch, ...] or []. */
export class NLLLoss implements Loss {
  readonly options: NLLLossOptions;
  constructor(options: NLLLossOptions = {}) {
    this.options = options;
  }
  forward(prediction: Tensor, target: Tensor): Tensor {
    return indexLoss("NLLLoss", prediction, target, this.options, 0);
  }
}

export interface CrossEntropyLossOptions extends NLLLossOptions {
  /** Share of the target that is spread evenly over all classes. */
  readonly labelSmoothing?: number;
}

/** Softmax and NLLLoss in one. Targets are class indices (int64), or probabilities of the prediction's shape. */
export class CrossEntropyLoss implements Loss {
  readonly options: CrossEntropyLossOptions;
  constructor(options: CrossEntropyLossOptions = {}) {
    const { labelSmoothing = 0 } = options;
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
      throw new TensorError(
        "TENSOR_VALUE",
        `CrossEntropyLoss: labelSmoothing is ${labelSmoothing}; it must be between 0 and 1`,
      );
    }
    this.options = options;
  }
  forward(prediction: Tensor, target: Tensor): Tensor {
    const { labelSmoothing = 0, weight, reduction } = this.options;
    const classAxis = prediction.ndim === 1 ? 0 : 1;
    const logProbabilities = prediction.logSoftmax(classAxis);
    const isIndex = target.dtype === "int64" || target.dtype === "int32";
    if (isIndex) return indexLoss("CrossEntropyLoss", logProbabilities, target, this.options, labelSmoothing);
    if (!sameShape(prediction.shape, target.shape)) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `CrossEntropyLoss: target ${showShape(target.shape)} of ${target.dtype} must be probabilities of the prediction's shape ${showShape(prediction.shape)}, or class indices of type int64`,
      );
    }
    const classes = prediction.size(classAxis);
    const smooth = labelSmoothing === 0 ? target : target.mul(1 - labelSmoothing).add(labelSmoothing / classes);
    const terms = smooth.mul(logProbabilities);
    const values = (weight === undefined ? terms : terms.mul(perClass(weight, prediction.ndim, classAxis)))
      .sum(classAxis)
      .neg();
    return reduceLoss(values, reduction);
  }
}

function perClass(weight: Tensor, ndim: number, classAxis: number): Tensor {
  return weight.reshape(Array.from({ length: ndim }, (_, axis) => (axis === classAxis ? weight.numel : 1)));
}

/** Weighted mean over the targets that are not ignored, as PyTorch takes it. */
function indexLoss(
  name: string,
  logProbabilities: Tensor,
  target: Tensor,
  options: NLLLossOptions,
  smoothing: number,
): Tensor {
  const { weight, ignoreIndex = -100, reduction = "mean" } = options;
  const { shape, ndim } = logProbabilities;
  const classAxis = ndim === 1 ? 0 : 1;
  const expected = shape.filter((_, axis) => axis !== classAxis);
  if (ndim === 0 || !sameShape(expected, target.shape)) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `${name}: prediction ${showShape(shape)} and target ${showShape(target.shape)} do not fit: the target must be class indices of shape ${showShape(expected)}`,
    );
  }
  if (target.dtype !== "int64" && target.dtype !== "int32") {
    throw new TensorError("TENSOR_DTYPE", `${name}: the target is ${target.dtype}; class indices must be int64`);
  }
  if (weight !== undefined && weight.numel !== shape[classAxis]) {
    throw new TensorError("TENSOR_SHAPE", `${name}: ${weight.numel} weights for ${shape[classAxis]} classes`);
  }
  const counted = target.ne(ignoreIndex);
  const index = counted.where(target, target.zerosLike());
  const picked = (table: Tensor) => table.gather(classAxis, index.unsqueeze(classAxis)).squeeze(classAxis);
  const ones = counted.to("float32");
  const weights = weight === undefined ? ones : ones.mul(weight.indexSelect(0, index));
  let values = picked(logProbabilities).neg().mul(weights);
  if (smoothing > 0) {
    const classes = logProbabilities.size(classAxis);
    const terms = weight === undefined ? logProbabilities : logProbabilities.mul(perClass(weight, ndim, classAxis));
    values = values.mul(1 - smoothing).add(
      terms
        .sum(classAxis)
        .neg()
        .mul(ones)
        .mul(smoothing / classes),
    );
  }
  return meanByWeight(values, weights, reduction);
}

function meanByWeight(values: Tensor, weights: Tensor, reduction: Reduction): Tensor {
  return reduction === "mean" ? values.sum().div(weights.sum()) : reduceLoss(values, reduction);
}
