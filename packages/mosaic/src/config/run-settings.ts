/** How one run trains, ready to be used. A pipeline carries the options that differ, [PROCESS] those that do not. */

import { ConfigurationError } from "@ml-mosaic/configurable";
import { type ExecutorChoice, type metrics, type nn, optim, type schedulers } from "@ml-mosaic/tensor";
import {
  BaseLoss,
  BaseOptimizer,
  BaseScheduler,
  type DataUse,
  EarlyStopping,
  GenericLoss,
  type StoppingRule,
} from "@ml-mosaic/training";
import { MosaicError } from "../errors.ts";
import { textsFor } from "../pipelines/applying-options.ts";
import type { Pipeline, Texts } from "../pipelines/pipeline.ts";
import { type ClassSource, readClassSource } from "./class-source.ts";
import { loadTextImports, readProcessOnce } from "./process-components.ts";
import { processMetrics } from "./process-metrics.ts";
import type { ProcessValues } from "./process-options.ts";
import type { ProcessSection } from "./process-section.ts";

export interface RunSettings {
  readonly epochs: number;
  readonly loss:
    | { readonly kind: "registered"; readonly loss: nn.Loss }
    | { readonly kind: "class"; readonly className: string; readonly source: ClassSource };
  readonly optimizer: optim.Optimizer;
  readonly scheduler: schedulers.Scheduler | undefined;
  readonly earlyStopping: StoppingRule | undefined;
  /** The figure of an epoch that early stopping watches. */
  readonly monitor: string | undefined;
  readonly metrics: readonly metrics.Metric[];
  /** What of it data may object to. */
  readonly asked: DataUse;
  readonly clipNorm: number | undefined;
  readonly clipValue: number | undefined;
  /** Batches whose gradients make one step together. */
  readonly accumulate: number;
  readonly executor: ExecutorChoice;
  /** Threads of the processor that share the work of a step. */
  readonly threads: number;
}

/** Texts of the PROCESS options that hold for one pipeline, in file order: what the database and pause files keep. */
export function processTexts(
  process: Pick<ProcessSection, "options">,
  { training, modules }: Pick<Pipeline, "training"> & { readonly modules: Parameters<typeof textsFor>[0] },
): Texts {
  // An option with several values, which may be very many, is one in which pipelines differ.
  const texts = process.options.map(({ name, values }) => [name, training[name] ?? values.join()] as const);
  return textsFor(modules, { ...Object.fromEntries(texts), ...training });
}

/**
 * Reads the texts of `processTexts`, after loading what they import. They may come from a file that a user has edited, so
 * they are checked again.
 */
export async function runSettings(texts: Readonly<Record<string, string>>, folder: string): Promise<RunSettings> {
  await loadTextImports(texts.imports ?? "", folder);
  const checked = readProcessOnce(texts, folder);
  if (!checked.ok) throw new ConfigurationError(checked.problems);
  const { epochs, executor, optimizer, scheduler, early_stopping, threads, average_decay: decay } = checked.values;
  const built = optimizer.build();
  return {
    epochs,
    loss: await readLoss(checked.values, folder),
    optimizer: decay === undefined ? built : optim.averaged(built, { decay }),
    // A run may be trained further: how many steps it will have in all is not known.
    scheduler: scheduler?.build({ epochs, stepsPerEpoch: undefined }),
    earlyStopping: early_stopping?.build(),
    monitor: early_stopping?.monitor,
    metrics: processMetrics(checked.values.metrics),
    asked: {
      loss: checked.values.class_loss_function === undefined ? checked.values.loss_function : undefined,
      metrics: checked.values.metrics,
    },
    clipNorm: checked.values.clip_norm,
    clipValue: checked.values.clip_value,
    accumulate: checked.values.accumulate,
    executor,
    threads,
  };
}

async function readLoss(values: ProcessValues, folder: string): Promise<RunSettings["loss"]> {
  const { loss_function: loss, class_loss_function: className, path_to_class_loss_function: path = "" } = values;
  if (className === undefined) return { kind: "registered", loss: buildLoss(loss) };
  const source = await readClassSource(path, { folder, start: folder });
  if (source.ok) return { kind: "class", className, source: source.source };
  throw new MosaicError(
    "BAD_MODULE_SOURCE",
    `[PROCESS] path_to_class_loss_function: ${source.fault.message} ${source.fault.remedy}`,
  );
}

/** The engine's own loss, of which more is known, where it is one. */
function buildLoss(loss: BaseLoss): nn.Loss {
  return loss instanceof GenericLoss ? loss.build() : loss;
}

/** Throws what a run of so many epochs would throw that is built with it. */
export function buildComponent(component: unknown, epochs: number): void {
  if (component instanceof BaseLoss) buildLoss(component);
  else if (component instanceof BaseScheduler) component.build({ epochs, stepsPerEpoch: undefined });
  else if (component instanceof BaseOptimizer || component instanceof EarlyStopping) component.build();
}
