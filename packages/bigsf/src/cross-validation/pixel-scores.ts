/** How good probabilities of single pixels are, over a map of any size. */
import { metrics } from "@ml-mosaic/tensor";

export interface PixelScores {
  /** Labelled pixels that have a probability. */
  readonly pixels: number;
  readonly positives: number;
  /** Of the pixels that have a probability. */
  readonly labelled: number;
  /** Share of the others that is called filament; NaN where there are none. */
  readonly unlabelled_found: number;
  /** At the threshold; NaN where there is no positive, in truth or prediction. */
  readonly dice: number;
  readonly iou: number;
  /** NaN where one of the classes is missing. */
  readonly average_precision: number;
  readonly roc_auc: number;
}

/** Names of the scores that lie between 0 and 1. */
export const pixelShares = [
  "dice",
  "iou",
  "average_precision",
  "roc_auc",
  "labelled",
  "unlabelled_found",
] as const satisfies readonly (keyof PixelScores)[];

/** Counts pixels as they come; memory does not grow. */
export class PixelTally {
  readonly #threshold: number;
  readonly #scores = new metrics.ScoreHistogram();
  #pixels = 0;
  #positives = 0;
  #predicted = 0;
  #hits = 0;
  #unlabelled = 0;
  #unlabelledFound = 0;

  constructor(threshold = 0.5) {
    this.#threshold = threshold;
  }

  add(probability: Float32Array, truth: Uint8Array, labelled: Uint8Array): void {
    // What is not 0 or 1 does not count.
    const known = Float32Array.from(truth, (value, pixel) =>
      labelled[pixel] === 1 && !Number.isNaN(probability[pixel]) ? value : -1,
    );
    this.#scores.add({ scores: probability, truth: known });
    for (const [pixel, value] of known.entries()) {
      const isPredicted = (probability[pixel] ?? 0) > this.#threshold;
      if (value < 0) {
        if (labelled[pixel] === 1 || Number.isNaN(probability[pixel])) continue;
        this.#unlabelled++;
        if (isPredicted) this.#unlabelledFound++;
        continue;
      }
      this.#pixels++;
      this.#positives += value;
      if (!isPredicted) continue;
      this.#predicted++;
      this.#hits += value;
    }
  }

  scores(): PixelScores {
    const counts = this.#scores.parts();
    return {
      pixels: this.#pixels,
      positives: this.#positives,
      labelled: this.#pixels / (this.#pixels + this.#unlabelled),
      unlabelled_found: this.#unlabelledFound / this.#unlabelled,
      dice: (2 * this.#hits) / (this.#predicted + this.#positives),
      iou: this.#hits / (this.#predicted + this.#positives - this.#hits),
      average_precision: metrics.averagePrecisionOf(counts),
      roc_auc: metrics.rocAucOf(counts),
    };
  }
}
