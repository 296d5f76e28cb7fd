import { TensorError } from "../errors.ts";
import { sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Loss, type ReductionOptions, reduceLoss } from "./reduction.ts";

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
    checkWeight("CrossEntropyLoss", weight, classes);
    const terms = smooth.mul(weightedByClass(logProbabilities, weight, classAxis));
    return reduceLoss(terms.sum(classAxis).neg(), reduction);
  }
}

function checkWeight(name: string, weight: Tensor | undefined, classes: number): void {
  if (weight !== undefined && !sameShape(weight.shape, [classes])) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `${name}: the weight is of shape ${showShape(weight.shape)}; ${classes} classes need ${showShape([classes])}`,
    );
  }
}

function weightedByClass(values: Tensor, weight: Tensor | undefined, classAxis: number): Tensor {
  if (weight === undefined) return values;
  return values.mul(weight.reshape(values.shape.map((_, axis) => (axis === classAxis ? weight.numel : 1))));
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
  const classes = logProbabilities.size(classAxis);
  checkWeight(name, weight, classes);
  const counted = target.ne(ignoreIndex);
  const index = counted.where(target, target.newFull([], 0));
  const ones = counted.to("float32");
  const weights = weight === undefined ? ones : ones.mul(weight.indexSelect(0, index));
  const picked = logProbabilities.gather(classAxis, index.unsqueeze(classAxis)).squeeze(classAxis).neg();
  let terms = weight === undefined ? picked : picked.mul(weights);
  if (smoothing > 0) {
    const spread = weightedByClass(logProbabilities, weight, classAxis).sum(classAxis).neg();
    terms = terms.mul(1 - smoothing).add(spread.mul(smoothing / classes));
  }
  // Selected, not multiplied by 0: an ignored term may be infinite.
  const values = counted.where(terms, terms.newFull([], 0));
  return reduction === "mean" ? values.sum().div(weights.sum()) : reduceLoss(values, reduction);
}
