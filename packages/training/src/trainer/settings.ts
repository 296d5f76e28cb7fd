import { component, configurable, int, list, type Objection, path, schema, string } from "@ml-mosaic/configurable";
import type { metrics } from "@ml-mosaic/tensor";
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
import { count } from "../components/number-types.ts";
import "../components/optimizers.ts";
import "../components/schedulers.ts";
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
};

/** The `trainer` of an experiment. */
export class TrainerSettings extends configurable(options) {
  override preconditions(): Objection | undefined {
    const { early_stopping: stopping, metrics: list } = this;
    if (stopping === undefined) return undefined;
    const named = list.flatMap((metric) => namedMetrics([metric], []));
    const message = monitorProblem(stopping.monitor, named, { trainMetrics: false, accuracy: false });
    return message === undefined ? undefined : { option: "early_stopping", message };
  }

  /** @throws ConfigurationError where two have one name */
  namedMetrics(): readonly metrics.Metric[] {
    return namedMetrics(this.metrics, ["trainer", "metrics"]);
  }
}
