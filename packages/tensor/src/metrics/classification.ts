import { arange, full } from "../creation.ts";
import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import { checkNumber } from "../optim/checks.ts";
import { checkCounted, columnsOf, readClasses, readScores } from "./classes.ts";
import type { Metric } from "./metric.ts";

export interface ThresholdOptions {
  /** A single score above this predicts class 1: 0.5 for probabilities, 0 for logits. */
  readonly threshold?: number;
}

const only = (elements: ArrayLike<number>): number => elementAt(elements, 0);
const total = (elements: Iterable<number>): number => Array.from(elements).reduce((a, b) => a + b, 0);

/** Share of right predictions: sklearn's accuracy_score. */
export function accuracy({ threshold = 0.5 }: ThresholdOptions = {}): Metric<number, "right" | "samples"> {
  return {
    name: "accuracy",
    isShare: true,
    join: "sum",
    step(prediction, target) {
      const { predicted, actual } = readClasses("accuracy", prediction, target, threshold);
      return { right: predicted.eq(actual).sum(), samples: full([], actual.numel) };
    },
    result: ({ right, samples }) => only(right) / only(samples),
  };
}

/** Share of samples whose class is among the k with the largest scores; of equal scores the first classes go ahead. */
export function topKAccuracy({ k }: { readonly k: number }): Metric<number, "right" | "samples"> {
  checkNumber("topKAccuracy", "k", k, Number.isInteger(k) && k >= 1, "a whole number above 0");
  return {
    name: `top${k}Accuracy`,
    isShare: true,
    join: "sum",
    step(prediction, target) {
      const { scores, actual } = readScores("topKAccuracy", prediction, target);
      const classes = scores.size(1);
      if (k > classes) {
        throw new TensorError(
          "TENSOR_VALUE",
          `topKAccuracy: k is ${k}, but there are scores of ${classes} classes only`,
        );
      }
      const index = arange(classes);
      const column = actual.unsqueeze(1);
      const own = column.eq(index).where(scores, scores.zerosLike()).sum(1, true);
      const ahead = scores.gt(own).logicalOr(scores.eq(own).logicalAnd(index.lt(column)));
      // A score of NaN is before none and after none: it is not right.
      const right = ahead.sum(1).lt(k).logicalAnd(own.eq(own).squeeze(1));
      return { right: right.sum(), samples: full([], actual.numel) };
    },
    result: ({ right, samples }) => only(right) / only(samples),
  };
}

/** Counts by actual class (rows) and predicted class (columns): sklearn's confusion_matrix. */
export function confusionMatrix({
  threshold = 0.5,
}: ThresholdOptions = {}): Metric<readonly (readonly number[])[], "counts" | "samples"> {
  return {
    name: "confusionMatrix",
    join: "sum",
    step(prediction, target) {
      const { classes, predicted, actual } = readClasses("confusionMatrix", prediction, target, threshold);
      const counts = columnsOf(actual, classes).t().matmul(columnsOf(predicted, classes));
      return { counts, samples: full([], actual.numel) };
    },
    result({ counts, samples }) {
      const classes = Math.sqrt(counts.length);
      checkCounted("confusionMatrix", total(counts), only(samples), classes);
      return Array.from({ length: classes }, (_, row) => Array.from(counts.slice(row * classes, (row + 1) * classes)));
    },
  };
}

export interface AverageOptions extends ThresholdOptions {
  /**
   * "binary": of class 1, where there are two. "macro": mean over the classes that occur. "micro": of all classes' counts
   * together. "none": one number for each class.
   */
  readonly average?: "binary" | "macro" | "micro" | "none";
}
type PerClass = AverageOptions & { readonly average: "none" };
type Averaged = AverageOptions & { readonly average?: "binary" | "macro" | "micro" };
type CountsMetric<Result extends number | readonly number[]> = Metric<
  Result,
  "hits" | "predicted" | "actual" | "samples"
>;

interface Counts {
  readonly hits: number;
  readonly predicted: number;
  readonly actual: number;
}

/** Share of right predictions among those of a class; 0 where it was never predicted. sklearn's precision_score. */
export function precision(options: PerClass): CountsMetric<readonly number[]>;
export function precision(options?: Averaged): CountsMetric<number>;
export function precision(options: AverageOptions = {}): CountsMetric<number | readonly number[]> {
  return countsMetric("precision", options, ({ hits, predicted }) => share(hits, predicted));
}

/** Share of a class's samples that are found; 0 where it has none. sklearn's recall_score. */
export function recall(options: PerClass): CountsMetric<readonly number[]>;
export function recall(options?: Averaged): CountsMetric<number>;
export function recall(options: AverageOptions = {}): CountsMetric<number | readonly number[]> {
  return countsMetric("recall", options, ({ hits, actual }) => share(hits, actual));
}

/** Harmonic mean of precision and recall; 0 where nothing is right. sklearn's f1_score. */
export function f1(options: PerClass): CountsMetric<readonly number[]>;
export function f1(options?: Averaged): CountsMetric<number>;
export function f1(options: AverageOptions = {}): CountsMetric<number | readonly number[]> {
  return countsMetric("f1", options, ({ hits, predicted, actual }) => share(2 * hits, predicted + actual));
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

function countsMetric(
  name: string,
  { average = "binary", threshold = 0.5 }: AverageOptions,
  rate: (counts: Counts) => number,
): CountsMetric<number | readonly number[]> {
  return {
    name: average === "binary" ? name : average === "none" ? `${name}PerClass` : `${average}${capital(name)}`,
    join: "sum",
    step(prediction, target) {
      const { classes, predicted, actual } = readClasses(name, prediction, target, threshold);
      if (average === "binary" && classes !== 2) {
        throw new TensorError(
          "TENSOR_VALUE",
          `${name}: average "binary" is for two classes, there are ${classes}; choose "macro", "micro" or "none"`,
        );
      }
      const [found, wanted] = [columnsOf(predicted, classes), columnsOf(actual, classes)];
      return {
        hits: found.mul(wanted).sum(0),
        predicted: found.sum(0),
        actual: wanted.sum(0),
        samples: full([], actual.numel),
      };
    },
    result({ hits, predicted, actual, samples }) {
      checkCounted(name, total(actual), only(samples), actual.length);
      const classes = Array.from(
        hits,
        (count, index): Counts => ({
          hits: count,
          predicted: elementAt(predicted, index),
          actual: elementAt(actual, index),
        }),
      );
      switch (average) {
        case "none":
          return classes.map(rate);
        case "micro":
          return rate({ hits: total(hits), predicted: total(predicted), actual: total(actual) });
        case "macro": {
          const present = classes.filter((counts) => counts.predicted + counts.actual > 0);
          return total(present.map(rate)) / present.length;
        }
        case "binary":
          return rate(classes[1] ?? { hits: 0, predicted: 0, actual: 0 });
        default:
          return average satisfies never;
      }
    },
  };
}

function capital(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}
