/** How the scores order labelled pixels, without a threshold, in bounded memory: see `metrics.ScoreHistogram`. */
import { configurable, register } from "@ml-mosaic/configurable";
import { metrics, type Tensor } from "@ml-mosaic/tensor";
import { BaseMetric } from "@ml-mosaic/training";
import { labelledPixels } from "../labelled/labelled-pixels.ts";

const none = new Float64Array();

/** From the logits: the sigmoid would keep their order, but not their digits near 1. */
function rankingMetric(name: string, area: (counts: metrics.ScoreCounts) => number): metrics.Metric<number> {
  return {
    name,
    isShare: true,
    join: { start: () => new metrics.ScoreHistogram() },
    step(prediction: Tensor, target: Tensor) {
      const { logits, truth, labelled } = labelledPixels(`the metric ${name}`, prediction, target);
      // -1 where the truth is not known.
      return { scores: logits, truth: truth.add(1).mul(labelled).sub(1) };
    },
    result: ({ hits = none, misses = none, invalid = none }) => area({ hits, misses, invalid }),
  };
}

/**
 * Area under the receiver operating characteristic: how probably a pixel of a filament has a larger score than another
 * one. NaN where there are no labelled pixels of filaments, or no others.
 */
export class RocAucMetric extends configurable({}, BaseMetric) {
  static override readonly aliases = ["roc_auc", "auc"];
  override build(): metrics.Metric<number> {
    return rankingMetric("roc_auc", metrics.rocAucOf);
  }
}

/**
 * Mean, over the pixels of filaments, of the precision down to their score: the area under the steps of precision over
 * recall. NaN where there are none.
 */
export class AveragePrecisionMetric extends configurable({}, BaseMetric) {
  static override readonly aliases = ["average_precision", "ap"];
  override build(): metrics.Metric<number> {
    return rankingMetric("average_precision", metrics.averagePrecisionOf);
  }
}

register(AveragePrecisionMetric, RocAucMetric);
