/** The metrics that [PROCESS] asks for, and what early stopping watches of them. */

import { ConfigurationError, type Problem } from "@ml-mosaic/configurable";
import type { metrics } from "@ml-mosaic/tensor";
import { type BaseMetric, monitorProblem, namedMetrics } from "@ml-mosaic/training";
import { findFigure } from "../figures/known-figures.ts";
import { runFigures } from "../figures/run-figures.ts";

/** @throws ConfigurationError where two metrics have one name, or one that gives a result which every run has */
export function processMetrics(list: readonly BaseMetric[]): readonly metrics.Metric[] {
  const named = namedMetrics(list, ["metrics"]);
  const taken = named.flatMap(({ name }, index): Problem[] => {
    const result = findFigure(runFigures, name) ?? findFigure(runFigures, `train_${name}`);
    if (result === undefined) return [];
    const message = `a metric called ${name} cannot be told from ${result.name}, which every run has; give it another label`;
    return [{ kind: "precondition", path: ["metrics", index], message }];
  });
  if (taken.length > 0) throw new ConfigurationError(taken);
  return named;
}

/** What is wrong with the metrics, or with a name of a figure that early stopping is to watch. */
export function metricProblems(list: readonly BaseMetric[], monitors: readonly string[]): readonly Problem[] {
  try {
    const named = processMetrics(list);
    return monitors.flatMap((monitor): Problem[] => {
      // Whether the targets have an accuracy shows when they are there.
      const message = monitorProblem(monitor, named, { trainMetrics: true, accuracy: true });
      return message === undefined ? [] : [{ kind: "precondition", path: ["early_stopping", "monitor"], message }];
    });
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
}
