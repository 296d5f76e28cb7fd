import { configurable, register } from "@ml-mosaic/configurable";
import type { metrics } from "@ml-mosaic/tensor";
import { BaseMetric } from "@ml-mosaic/training";
import { labelledPixels } from "../labelled/labelled-pixels.ts";

const name = "best_threshold";

/** Thresholds that are tried: 1 / steps, 2 / steps, … */
const steps = 1000;

/**
 * The threshold at which Dice over the labelled pixels is largest; the middle of several that are as good. Of the validation
 * set it is what `threshold: validation` of `bigsf segment` takes. NaN where there are no pixels of filaments.
 */
export class BestThresholdMetric extends configurable({}, BaseMetric) {
  static override readonly aliases = [name];

  override build(): metrics.Metric<number> {
    return {
      name,
      isShare: true,
      join: { start: startHistogram },
      step(prediction, target) {
        const { logits, truth, labelled } = labelledPixels(`the metric ${name}`, prediction, target);
        // -1 where the truth is not known.
        return { scores: logits.sigmoid(), truth: truth.add(1).mul(labelled).sub(1) };
      },
      result: ({ hits = none, misses = none }) => bestThreshold(hits, misses),
    };
  }
}

const none = new Float64Array();

/** Pixels by probability, in as many bins as there are thresholds. */
function startHistogram(): metrics.Accumulator<"scores" | "truth"> {
  const [hits, misses] = [new Float64Array(steps), new Float64Array(steps)];
  return {
    add({ scores, truth }) {
      for (const [pixel, kind] of truth.entries()) {
        if (kind !== 0 && kind !== 1) continue;
        const bin = Math.min(steps - 1, Math.floor((scores[pixel] ?? 0) * steps));
        const counts = kind === 1 ? hits : misses;
        counts[bin] = (counts[bin] ?? 0) + 1;
      }
    },
    parts: () => ({ hits, misses }),
  };
}

function bestThreshold(hits: ArrayLike<number>, misses: ArrayLike<number>): number {
  let there = 0;
  for (let bin = 0; bin < hits.length; bin++) there += hits[bin] ?? 0;
  if (there === 0) return Number.NaN;
  let [right, found, best] = [0, 0, -1];
  let equals: number[] = [];
  for (let bin = steps - 1; bin >= 1; bin--) {
    right += hits[bin] ?? 0;
    found += (hits[bin] ?? 0) + (misses[bin] ?? 0);
    const dice = (2 * right) / (found + there);
    if (dice > best) [best, equals] = [dice, []];
    if (dice === best) equals.push(bin);
  }
  return ((equals[0] ?? 0) + (equals.at(-1) ?? 0)) / 2 / steps;
}

register(BestThresholdMetric);
