import {
  component,
  configurable,
  float,
  int,
  list,
  literal,
  type Objection,
  path,
  schema,
  string,
  within,
} from "@ml-mosaic/configurable";
import { executorChoices, executorConflict, type metrics, optim, parseDevice } from "@ml-mosaic/tensor";
import { BaseLoss } from "../components/base-loss.ts";
import { BaseMetric } from "../components/base-metric.ts";
import { BaseModel } from "../components/base-model.ts";
import { BaseOptimizer } from "../components/base-optimizer.ts";
import { BaseScheduler } from "../components/base-scheduler.ts";
import { deviceName } from "../components/device-name.ts";
import { EarlyStopping } from "../components/early-stopping.ts";
import { componentOr } from "../components/fallback.ts";
import { GenericLoss } from "../components/losses.ts";
import { GenericMetric } from "../components/metrics.ts";
import { namedMetrics } from "../components/named-metrics.ts";
import { count, positive } from "../components/number-types.ts";
import "../components/optimizers.ts";
import "../components/schedulers.ts";
import "../components/sum-loss.ts";
import { monitorProblem } from "../monitored.ts";
import { BaseTracker } from "../trackers/base-tracker.ts";
import "../trackers/csv.ts";
import "../trackers/mlflow.ts";
import "../trackers/tensorboard.ts";

const options = {
  output_dir: schema(path, { default: "./results", help: "Folder of the folders of runs" }),
  run_name: schema(string, { default: "run", help: "Folder of this run" }),
  model: schema(component.later(BaseModel), { help: "What is trained" }),
  optimizer: schema(component(BaseOptimizer), { default: { type: "adam" }, help: "How a step changes it" }),
  scheduler: schema(component(BaseScheduler), { optional: true, help: "Without it the learning rate stays" }),
  loss: schema(componentOr(BaseLoss, GenericLoss), { default: { type: "bce" }, help: "What training makes small" }),
  clip_norm: schema(positive, {
    optional: true,
    help: "Gradients are scaled down to this norm of all of them together",
  }),
  clip_value: schema(positive, { optional: true, help: "Each element of a gradient is cut off at this size" }),
  accumulate: schema(count, { default: 1, help: "Batches whose gradients make one step together" }),
  average_decay: schema(within(float, { minimum: 0, exclusiveMaximum: 1 }), {
    optional: true,
    help: "A moving average of the weights with this decay, such as 0.999, is what is evaluated and kept",
  }),
  on_nan: schema(literal("stop", "go_on"), {
    default: "stop",
    help: "What a loss of NaN does: ends the run at its last good snapshot, or is only told",
  }),
  early_stopping: schema(component(EarlyStopping), { optional: true, help: "Without it all epochs are trained" }),
  batch_size: schema(count, { default: 16, help: "Samples of a step" }),
  epochs: schema(count, { help: "How often the train set is gone through, at most" }),
  save_interval: schema(count, { optional: true, help: "Epochs between snapshots that are kept; without it none is" }),
  metrics: schema(list(componentOr(BaseMetric, GenericMetric)), {
    default: [],
    help: "Of the validation and test sets",
  }),
  trackers: schema(list(component(BaseTracker)), { default: [], help: "Where figures go besides the run's folder" }),
  seed: schema(int, { default: 0, help: "Decides on everything random" }),
  device: schema(deviceName, { default: "cpu" }),
  threads: schema(count, {
    default: 1,
    help: "Threads of the processor that share each step; the same bits come of the same number",
  }),
  executor: schema(literal(...executorChoices), {
    default: "auto",
    help: "What computes: ONNX Runtime, or WebAssembly made of the whole program, for small networks on the processor; auto takes the faster by what the program has to do",
  }),
};

/** The `trainer` of an experiment. */
export class TrainerSettings extends configurable(options) {
  override *preconditions(): Generator<Objection> {
    const conflict = executorConflict(parseDevice(this.device), this.executor, this.threads);
    if (conflict !== undefined) yield { option: conflict.option, message: `${conflict.message}; ${conflict.remedy}` };
    const { early_stopping: stopping, metrics: list } = this;
    if (stopping === undefined) return;
    const named = list.flatMap((metric) => namedMetrics([metric], []));
    const message = monitorProblem(stopping.monitor, named, { trainMetrics: false, accuracy: false });
    if (message !== undefined) yield { option: "early_stopping", message };
  }

  /** With the average of the weights, where one is asked for. */
  builtOptimizer(): optim.Optimizer {
    const built = this.optimizer.build();
    return this.average_decay === undefined ? built : optim.averaged(built, { decay: this.average_decay });
  }

  /** @throws ConfigurationError where two have one name */
  namedMetrics(): readonly metrics.Metric[] {
    return namedMetrics(this.metrics, ["trainer", "metrics"]);
  }
}
