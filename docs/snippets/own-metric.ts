import { configurable, float, register, schema } from "@ml-mosaic/configurable";
import { full, type metrics } from "@ml-mosaic/tensor";
import { BaseMetric } from "@ml-mosaic/training";

class Within extends configurable({ tolerance: schema(float, { default: 0.1 }) }, BaseMetric) {
  static override readonly aliases = ["within"];
  override build(): metrics.Metric {
    return {
      name: "within",
      join: "sum",
      step: (prediction, target) => ({
        hits: prediction.sub(target).abs().le(this.tolerance).sum(),
        all: full([], target.numel),
      }),
      result: ({ hits, all }) => (hits?.[0] ?? 0) / (all?.[0] ?? 0),
    };
  }
}
register(Within);
