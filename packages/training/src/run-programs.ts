/** What computes the steps of a training, and of the evaluations after its epochs: all of them on one executor. */
import {
  compileEvaluation,
  compileTraining,
  type EvaluationProgram,
  type ExecutorChoice,
  type ExecutorName,
  type Samples,
  TensorError,
  type TrainingProgram,
} from "@ml-mosaic/tensor";
import type { AccuracyRule } from "./accuracy.ts";
import { Pace } from "./epoch.ts";
import { type AnyLoader, usualBatch } from "./loaders.ts";
import { modelStep } from "./model-step.ts";
import type { TrainOptions } from "./train.ts";

/** What evaluates a set after every epoch. */
export interface Judge {
  readonly name: string;
  readonly loader: AnyLoader;
  readonly program: EvaluationProgram;
  readonly pace: Pace;
}

export interface RunPrograms {
  readonly training: TrainingProgram;
  readonly evaluation: Judge;
  /** Of the train set, where its metrics are wanted. */
  readonly ofTrain: Judge | undefined;
  release(): void;
}

export interface ProgramSamples {
  readonly train: Samples;
  readonly evaluation: Samples;
  readonly rule: AccuracyRule | undefined;
}

/** What goes on with a state: what has computed it, unless another is asked for. Earlier versions knew ONNX Runtime alone. */
export function resumedExecutor(
  asked: ExecutorChoice,
  state: { readonly executor?: ExecutorName | undefined } | undefined,
): ExecutorChoice {
  return asked !== "auto" || state === undefined ? asked : (state.executor ?? "onnx");
}

/** @throws TensorError where the executor that is asked for cannot compute all of it */
export async function compileRun(
  options: TrainOptions,
  samples: ProgramSamples,
  executor: ExecutorChoice,
): Promise<RunPrograms> {
  try {
    return await compileOn(options, samples, executor);
  } catch (error) {
    // Training alone could have been computed there.
    if (executor !== "auto" || !(error instanceof TensorError) || error.code !== "TENSOR_EXECUTOR") throw error;
    return compileOn(options, samples, "onnx");
  }
}

async function compileOn(
  options: TrainOptions,
  samples: ProgramSamples,
  executor: ExecutorChoice,
): Promise<RunPrograms> {
  const { model, loss, optimizer, groups, accumulate, clipNorm, clipValue, device, threads } = options;
  const { metrics = [], trainMetrics = false, trainLoader, evaluationLoader } = options;
  const { rule } = samples;
  const training = await compileTraining({
    fields: samples.train.fields,
    parameters: model.parameters,
    optimizer,
    groups,
    accumulate: accumulate ?? 1,
    clipNorm,
    clipValue,
    step: modelStep({ model, loss, rule, metrics: [], training: true }),
    batchSize: usualBatch(trainLoader),
    device,
    threads,
    executor,
  });
  const judges: Judge[] = [];
  const release = () => {
    training.release();
    for (const { program } of judges) program.release();
  };
  const judge = (name: string, loader: AnyLoader, { fields }: Samples): Judge => {
    const program = compileEvaluation({
      fields,
      layout: training.layout,
      step: modelStep({ model, loss, rule, metrics, training: false }),
      batchSize: usualBatch(loader),
      device,
      threads,
      executor: training.executor,
    });
    const made = { name, loader, program, pace: new Pace() };
    judges.push(made);
    return made;
  };
  try {
    const evaluation = judge("evaluation", evaluationLoader, samples.evaluation);
    const ofTrain =
      trainMetrics && metrics.length > 0 ? judge("train evaluation", trainLoader, samples.train) : undefined;
    return { training, evaluation, ofTrain, release };
  } catch (error) {
    release();
    throw error;
  }
}
