import { ConfigurationError, component, configurable, int, list, path, schema, string } from "@ml-mosaic/configurable";
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
import { count } from "../components/number-types.ts";
import "../components/optimizers.ts";
import "../components/schedulers.ts";
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
  /**
   * The metrics under the names that results have.
   *
   * @throws ConfigurationError where two have one name
   */
  namedMetrics(): readonly metrics.Metric[] {
    const named = this.metrics.map((each): metrics.Metric => {
      const built = each.build();
      return {
        name: nameOf(each, built),
        join: built.join,
        step: (prediction, target) => built.step(prediction, target),
        result: (parts) => built.result(parts),
      };
    });
    const repeated = named.findIndex(({ name }, index) => named.findIndex((other) => other.name === name) < index);
    if (repeated < 0) return named;
    const message = `there is a metric ${named[repeated]?.name} already; give one of them a label`;
    throw new ConfigurationError([{ kind: "precondition", path: ["trainer", "metrics", repeated], message }]);
  }
}

/** The label, or the metric's own name as configurations write names: `rocAuc` is `roc_auc`. */
function nameOf({ label }: BaseMetric, built: metrics.Metric): string {
  return label ?? built.name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}
