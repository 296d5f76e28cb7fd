/** What early stopping can watch of an epoch. */
import type { metrics } from "@ml-mosaic/tensor";
import { TrainingError } from "./errors.ts";
import type { EpochRecord } from "./history.ts";

type Figures = Omit<EpochRecord, "epoch" | "lr" | "seconds">;

/** What the evaluated set is called: a Trainer's is one of validation, Mosaic's the test set. No prefix means it too. */
const evaluated = ["", "valid_", "test_"] as const;

/** The figures of an epoch by name: `loss`, `train_loss`, `valid_f1`… */
function named({ trainLoss, validLoss, trainAccuracy, validAccuracy, trainMetrics, metrics }: Figures) {
  const own = { loss: validLoss, ...(validAccuracy === undefined ? {} : { acc: validAccuracy }), ...metrics };
  const ofTrain = { loss: trainLoss, ...(trainAccuracy === undefined ? {} : { acc: trainAccuracy }), ...trainMetrics };
  return new Map([
    ...evaluated.flatMap((prefix) => Object.entries(own).map(([name, value]) => [prefix + name, value] as const)),
    ...Object.entries(ofTrain).map(([name, value]) => [`train_${name}`, value] as const),
  ]);
}

/**
 * What a rule watches of an epoch, turned so that lower is better.
 *
 * @throws TrainingError where the epoch has no such figure, with those that it has
 */
export function watchedFigure(monitor: string, epoch: Figures, metricList: readonly metrics.Metric[]): number {
  const figures = named(epoch);
  const value = figures.get(monitor);
  if (value === undefined) throw new TrainingError("TRAINING_MONITOR", unknown(monitor, figures));
  const name = monitor.replace(/^(train|valid|test)_/, "");
  // `f1_0` is a part of `f1`.
  const metric =
    metricList.find((one) => one.name === name) ?? metricList.find((one) => name.startsWith(`${one.name}_`));
  const isLowerBetter = metric === undefined ? name === "loss" : metric.direction === "lower";
  return isLowerBetter ? value : -value;
}

function unknown(monitor: string, figures: ReadonlyMap<string, number>): string {
  const known = [...figures.keys()].filter((name) => !/^(valid|test)_/.test(name)).join(", ");
  return `early stopping watches "${monitor}" (its option monitor), which no epoch has. There are: ${known}; what else is to be watched must be among the metrics`;
}

/** Why it cannot be watched, as far as that is known before anything is trained. */
export function monitorProblem(
  monitor: string,
  metricList: readonly metrics.Metric[],
  { trainMetrics, accuracy }: { readonly trainMetrics: boolean; readonly accuracy: boolean },
): string | undefined {
  const zeros = Object.fromEntries(metricList.map((metric) => [metric.name, 0]));
  const figures = named({
    trainLoss: 0,
    validLoss: 0,
    ...(accuracy ? { trainAccuracy: 0, validAccuracy: 0 } : {}),
    ...(trainMetrics ? { trainMetrics: zeros } : {}),
    metrics: zeros,
  });
  // How many parts a metric has is known after the first epoch: a part counts as the whole here.
  const isKnown = figures.has(monitor) || figures.has(monitor.replace(/(_\d+)+$/, ""));
  return isKnown ? undefined : unknown(monitor, figures);
}
