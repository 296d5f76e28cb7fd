import { schema, string, typedConfigurable } from "@ml-mosaic/configurable";
import type { metrics } from "@ml-mosaic/tensor";

/**
 * A metric that a configuration can name. It starts afresh for every evaluation. `label` is its name in results, for
 * several of one type.
 *
 * @example
 * class Within extends configurable({ tolerance: schema(float, { default: 0.1 }) }, BaseMetric) {
 *   static override readonly aliases = ["within"];
 *   override build(): metrics.Metric {
 *     return {
 *       name: "within",
 *       join: "sum",
 *       step: (prediction, target) => ({
 *         hits: prediction.sub(target).abs().le(this.tolerance).sum(),
 *         all: full([], target.numel),
 *       }),
 *       result: ({ hits, all }) => (hits?.[0] ?? 0) / (all?.[0] ?? 0),
 *     };
 *   }
 * }
 * register(Within);
 */
export abstract class BaseMetric extends typedConfigurable({
  label: schema(string, { optional: true, help: "Name in logs and results, instead of the metric's own" }),
}) {
  abstract build(): metrics.Metric;
}
