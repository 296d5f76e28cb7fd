/** What a step of training or evaluation computes from a minibatch. */
import { metrics, type nn, type Parameter, type StepBuilder, Tensor } from "@ml-mosaic/tensor";
import type { AccuracyRule } from "./accuracy.ts";
import { TrainingError } from "./errors.ts";

/**
 * What a model says of a batch: its prediction, or several of which the last counts, as with deep supervision. The loss
 * is the mean over all of them; metrics and accuracy look at the last.
 */
export type ModelOutput = Tensor | readonly Tensor[];

/** What is trained: a function of the features, and what it consists of. */
export interface TrainableModel {
  readonly parameters: readonly Parameter[];
  /** Gets the fields of the samples but the last, which is the target, each [batch, ...]. */
  forward(...features: Tensor[]): ModelOutput;
  /** Switches between training and evaluation. */
  train(mode: boolean): void;
}

export interface ModelStepOptions {
  readonly model: TrainableModel;
  readonly loss: nn.Loss;
  readonly rule: AccuracyRule | undefined;
  readonly metrics: readonly metrics.Metric[];
  readonly training: boolean;
}

/** A step of training or evaluation; the mode is set when the graph is built, for every size of batch. */
export function modelStep({ model, loss, rule, metrics: metricList, training }: ModelStepOptions): StepBuilder {
  return (batch) => {
    const features = batch.slice(0, -1);
    const target = batch.at(-1);
    if (features.length === 0 || target === undefined)
      throw new TrainingError("TRAINING_DATA", "a batch needs features and a target");
    model.train(training);
    const predictions = predictionsOf(model.forward(...features));
    const [first, ...others] = predictions.map((prediction) => lossOf(loss, prediction, target));
    const prediction = predictions.at(-1);
    if (first === undefined || prediction === undefined)
      throw new TrainingError("TRAINING_DATA", "forward of the model returned an empty list of predictions");
    const sum = others.reduce((total, each) => total.add(each), first);
    return {
      loss: others.length === 0 ? first : sum.div(predictions.length),
      ...(rule === undefined ? {} : { metrics: { right: rule.countRight(prediction, target) } }),
      collected: metrics.metricStep(metricList, prediction, target),
    };
  };
}

function predictionsOf(output: ModelOutput): readonly Tensor[] {
  return output instanceof Tensor ? [output] : output;
}

function lossOf(loss: nn.Loss, prediction: Tensor, target: Tensor): Tensor {
  const value: unknown = loss.forward(prediction, target);
  if (value instanceof Tensor) return value;
  throw new TrainingError(
    "TRAINING_LOSS",
    `forward of the loss ${loss.constructor.name} must return a Tensor at once, it returned ${typeof value === "object" ? `an object of ${value?.constructor.name ?? "no class"}` : String(value)}`,
  );
}
