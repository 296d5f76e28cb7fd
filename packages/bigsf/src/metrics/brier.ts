import { configurable, register } from "@ml-mosaic/configurable";
import type { metrics } from "@ml-mosaic/tensor";
import { BaseMetric } from "@ml-mosaic/training";
import { labelledPixels } from "../labelled/labelled-pixels.ts";

/** Mean of (p - t)^2 over labelled pixels (Brier 1950), with p = sigmoid(logits): 0 is best, 0.25 what 0.5 gives. */
export class BrierMetric extends configurable({}, BaseMetric) {
  static override readonly aliases = ["brier", "mse"];

  override build(): metrics.Metric<number, "squares" | "pixels"> {
    return {
      name: "brier",
      direction: "lower",
      isShare: true,
      join: "sum",
      step(prediction, target) {
        const { logits, truth, labelled } = labelledPixels("the metric brier", prediction, target);
        return { squares: logits.sigmoid().sub(truth).pow(2).mul(labelled).sum(), pixels: labelled.sum() };
      },
      result: ({ squares, pixels }) => (squares[0] ?? 0) / (pixels[0] ?? 0),
    };
  }
}

register(BrierMetric);
