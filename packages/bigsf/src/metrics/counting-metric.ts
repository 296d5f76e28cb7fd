import { configurable } from "@ml-mosaic/configurable";
import type { metrics } from "@ml-mosaic/tensor";
import { BaseMetric } from "@ml-mosaic/training";
import { labelledPixels } from "../labelled/labelled-pixels.ts";
import { found, nameAt, thresholdOptions } from "./threshold.ts";

/** Numbers of labelled pixels of all patches together. */
export interface PixelCounts {
  /** Found, and there. */
  readonly hits: number;
  readonly found: number;
  /** Pixels of filaments. */
  readonly there: number;
  /** All that are labelled. */
  readonly all: number;
}

/** A ratio of numbers of labelled pixels. */
export abstract class CountingMetric extends configurable(thresholdOptions, BaseMetric) {
  /** On the prototype, because options are checked before there is an instance. */
  protected abstract get title(): string;

  /** @returns NaN for 0 / 0 */
  protected abstract ratio(counts: PixelCounts): number;

  override build(): metrics.Metric<number, keyof PixelCounts> {
    const { threshold } = this;
    const name = nameAt(this.title, threshold);
    return {
      name,
      isShare: true,
      join: "sum",
      step: (prediction, target) => {
        const { logits, truth, labelled } = labelledPixels(`the metric ${name}`, prediction, target);
        const counted = found(logits, threshold).mul(labelled);
        return {
          hits: counted.mul(truth).sum(),
          found: counted.sum(),
          there: truth.mul(labelled).sum(),
          all: labelled.sum(),
        };
      },
      result: ({ hits, found, there, all }) =>
        this.ratio({ hits: hits[0] ?? 0, found: found[0] ?? 0, there: there[0] ?? 0, all: all[0] ?? 0 }),
    };
  }
}
