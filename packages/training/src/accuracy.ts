import { nn, type SampleArray, type Samples, type Tensor } from "@ml-mosaic/tensor";

/** How many of a batch's predictions are right, and out of how many. */
export interface AccuracyRule {
  readonly name: "argmax" | "threshold" | "sign";
  /** @returns scalar: number of right predictions in the batch */
  countRight(prediction: Tensor, target: Tensor): Tensor;
  /** Number of predictions that a sample makes. */
  predictionsPerSample(target: SampleArray): number;
}

const classLosses = [nn.CrossEntropyLoss, nn.NLLLoss];

/**
 * Finds out what "right" means from the loss and the targets: the largest score for class indices, the threshold 0.5
 * for targets in {0, 1} (0 where the predictions are logits), the sign for targets in {-1, 1}.
 *
 * @returns undefined for anything else: regression has no accuracy
 */
export function accuracyRule(loss: nn.Loss, samples: readonly Samples[]): AccuracyRule | undefined {
  const targets = samples.map(({ fields }) => fields.at(-1)).filter((target) => target !== undefined);
  if (targets.length < samples.length) return undefined;
  const isClassLoss = classLosses.some((each) => loss instanceof each);
  if (targets.every(({ dtype }) => dtype === "int64" || dtype === "int32") && isClassLoss) return argmaxRule;
  if (isClassLoss) return undefined;
  if (targets.every((target) => holdsOnly(target, 0, 1)))
    return thresholdRule(loss instanceof nn.BCEWithLogitsLoss ? 0 : 0.5);
  if (targets.every((target) => holdsOnly(target, -1, 1))) return signRule;
  return undefined;
}

function holdsOnly({ data }: SampleArray, low: number, high: number): boolean {
  for (const value of data) if (Number(value) !== low && Number(value) !== high) return false;
  return data.length > 0;
}

function elementsPerSample({ data, shape }: SampleArray): number {
  return data.length / Math.max(1, shape[0] ?? 1);
}

const argmaxRule: AccuracyRule = {
  name: "argmax",
  countRight(prediction, target) {
    const classAxis = prediction.ndim === 1 ? 0 : 1;
    return prediction.argmax(classAxis).eq(target.to("int64")).sum().to("float32");
  },
  predictionsPerSample: elementsPerSample,
};

function thresholdRule(threshold: number): AccuracyRule {
  return {
    name: "threshold",
    countRight: (prediction, target) => prediction.gt(threshold).eq(target.gt(0.5)).sum().to("float32"),
    predictionsPerSample: elementsPerSample,
  };
}

const signRule: AccuracyRule = {
  name: "sign",
  countRight: (prediction, target) => prediction.gt(0).eq(target.gt(0)).sum().to("float32"),
  predictionsPerSample: elementsPerSample,
};
