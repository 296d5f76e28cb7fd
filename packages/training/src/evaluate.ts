import {
  compileEvaluation,
  type Device,
  type ExecutorChoice,
  type Generator,
  type metrics,
  type nn,
} from "@ml-mosaic/tensor";
import { evaluateEpoch, Pace } from "./epoch.ts";
import { type AnyLoader, checkedSamples, usualBatch } from "./loaders.ts";
import { modelStep, type TrainableModel } from "./model-step.ts";

export interface EvaluateOptions {
  readonly model: TrainableModel;
  readonly loss: nn.Loss;
  readonly loader: AnyLoader;
  /** What the loader is called in messages. */
  readonly name?: string | undefined;
  readonly metrics?: readonly metrics.Metric[] | undefined;
  /** What is random about reading the samples is drawn from this. */
  readonly generator: Generator;
  readonly device?: Device | undefined;
  /** Threads of the processor that share the work of each step; 1 by default. */
  readonly threads?: number | undefined;
  readonly executor?: ExecutorChoice | undefined;
  /** Aborted: nothing comes of it. */
  readonly pause?: AbortSignal | undefined;
  /** Called about every second with the batches done. */
  readonly onProgress?: ((batches: number) => void | Promise<void>) | undefined;
}

export interface Evaluation {
  /** Mean over the samples. */
  readonly loss: number;
  readonly metrics: Readonly<Record<string, metrics.MetricValue>>;
}

/**
 * Loss and metrics of a model with its present values.
 *
 * @returns undefined where it was paused
 */
export async function evaluateModel(options: EvaluateOptions): Promise<Evaluation | undefined> {
  try {
    return await evaluate(options);
  } finally {
    await options.loader.close();
  }
}

async function evaluate(options: EvaluateOptions): Promise<Evaluation | undefined> {
  const {
    model,
    loss,
    loader,
    name = "evaluation",
    metrics: metricList = [],
    generator,
    device,
    threads,
    executor,
    pause,
  } = options;
  const { fields } = await checkedSamples(name, loader);
  // Nothing is trained: all variables have their present values.
  const program = compileEvaluation({
    fields,
    layout: { segments: [], buffers: [] },
    step: modelStep({ model, loss, rule: undefined, metrics: metricList, training: false }),
    batchSize: usualBatch(loader),
    device,
    threads,
    executor,
  });
  try {
    const evaluated = await evaluateEpoch({
      name,
      program,
      state: { step: 0, parameters: [], slots: [], buffers: [] },
      loader,
      metrics: metricList,
      generator,
      pace: new Pace(),
      pause,
      onPiece: (batches) => options.onProgress?.(batches),
    });
    return evaluated && { loss: evaluated.totals.meanLoss(), metrics: evaluated.metrics };
  } finally {
    program.release();
  }
}
