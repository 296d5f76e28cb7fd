import { ConfigurationError, type Path } from "@ml-mosaic/configurable";
import type { metrics } from "@ml-mosaic/tensor";
import type { BaseMetric } from "./base-metric.ts";

/**
 * The metrics of a configuration under the names that results have.
 *
 * @param path where the list stands
 * @throws ConfigurationError where two have one name
 */
export function namedMetrics(list: readonly BaseMetric[], path: Path): readonly metrics.Metric[] {
  const named = list.map((each): metrics.Metric => {
    const built = each.build();
    return {
      name: nameOf(each, built),
      direction: built.direction,
      isShare: built.isShare,
      join: built.join,
      step: (prediction, target) => built.step(prediction, target),
      result: (parts) => built.result(parts),
    };
  });
  const repeated = named.findIndex(({ name }, index) => named.findIndex((other) => other.name === name) < index);
  if (repeated < 0) return named;
  const message = `there is a metric ${named[repeated]?.name} already; give one of them a label`;
  throw new ConfigurationError([{ kind: "precondition", path: [...path, repeated], message }]);
}

/** The label, or the metric's own name as configurations write names: `rocAuc` is `roc_auc`. */
function nameOf({ label }: BaseMetric, built: metrics.Metric): string {
  return label ?? built.name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}
