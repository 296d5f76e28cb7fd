/** What predictions and targets say of classes, whatever their shapes. */
import { arange } from "../creation.ts";
import { TensorError } from "../errors.ts";
import { sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

export interface Scores {
  /** [samples, classes]; a single column is the score of class 1 against class 0. */
  readonly scores: Tensor;
  /** Index of the right class: [samples], int64. */
  readonly actual: Tensor;
}

/**
 * Reads scores [batch, classes, ...] with class indices [batch, ...], or scores of one shape with targets 0 and 1. Each
 * element of the target counts as a sample.
 */
export function readScores(owner: string, prediction: Tensor, target: Tensor): Scores {
  if (sameShape(prediction.shape, target.shape)) {
    return {
      scores: prediction.to("float32").reshape([-1, 1]),
      actual: target.to("float32").gt(0.5).to("int64").reshape([-1]),
    };
  }
  const [batch = 0, classes = 0, ...others] = prediction.shape;
  if (prediction.ndim !== target.ndim + 1 || !sameShape([batch, ...others], target.shape) || classes < 2) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `${owner}: prediction ${showShape(prediction.shape)} and target ${showShape(target.shape)} do not fit: scores of two or more classes [batch, classes, ...] need class indices [batch, ...]; scores of one class need targets of their own shape`,
    );
  }
  const last = [0, ...others.map((_, index) => index + 2), 1];
  return {
    scores: prediction.to("float32").permute(last).reshape([-1, classes]),
    actual: target.to("int64").reshape([-1]),
  };
}

export interface Classes {
  readonly classes: number;
  /** [samples], int64 */
  readonly predicted: Tensor;
  readonly actual: Tensor;
}

/** The classes predicted: that of the largest score, the first of equal ones, or 1 where a single score is above. */
export function readClasses(owner: string, prediction: Tensor, target: Tensor, threshold: number): Classes {
  const { scores, actual } = readScores(owner, prediction, target);
  const columns = scores.size(1);
  return columns === 1
    ? { classes: 2, predicted: scores.gt(threshold).to("int64").reshape([-1]), actual }
    : { classes: columns, predicted: scores.argmax(1), actual };
}

/** 1 where the class is the column's, else 0: [samples, classes], float32. */
export function columnsOf(indices: Tensor, classes: number): Tensor {
  return indices.unsqueeze(1).eq(arange(classes)).to("float32");
}

/** @throws TensorError if targets were outside of the classes */
export function checkCounted(owner: string, counted: number, samples: number, classes: number): void {
  if (counted !== samples) {
    throw new TensorError(
      "TENSOR_VALUE",
      `${owner}: ${samples - counted} of ${samples} targets are none of the ${classes} classes, 0 to ${classes - 1}`,
    );
  }
}
