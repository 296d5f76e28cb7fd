/** How good probabilities of single pixels are, over a map of any size. */

export interface PixelScores {
  /** Labelled pixels that have a probability. */
  readonly pixels: number;
  readonly positives: number;
  /** At the threshold; NaN where there is no positive, in truth or prediction. */
  readonly dice: number;
  readonly iou: number;
  /** NaN where one of the classes is missing. */
  readonly average_precision: number;
  readonly roc_auc: number;
}

/** Probabilities are told apart to a 65,536th: no curve that is drawn of them would show the difference. */
const bins = 65_536;

/** Counts pixels as they come; memory does not grow. */
export class PixelTally {
  readonly #threshold: number;
  readonly #positives = new Float64Array(bins);
  readonly #negatives = new Float64Array(bins);
  #hits = 0;
  #predicted = 0;

  constructor(threshold = 0.5) {
    this.#threshold = threshold;
  }

  add(probability: Float32Array, truth: Uint8Array, labelled: Uint8Array): void {
    for (const [pixel, value] of probability.entries()) {
      if (labelled[pixel] !== 1 || Number.isNaN(value)) continue;
      const isPositive = truth[pixel] === 1;
      const counts = isPositive ? this.#positives : this.#negatives;
      const bin = Math.min(bins - 1, Math.floor(value * bins));
      counts[bin] = (counts[bin] ?? 0) + 1;
      if (value <= this.#threshold) continue;
      this.#predicted++;
      if (isPositive) this.#hits++;
    }
  }

  /** Average precision as Σ (Rₙ − Rₙ₋₁) Pₙ over falling thresholds, the area under ROC by Mann and Whitney's statistic. */
  scores(): PixelScores {
    const [positives, negatives] = [sum(this.#positives), sum(this.#negatives)];
    let [hits, others, precision, wins] = [0, 0, 0, 0];
    for (let bin = bins - 1; bin >= 0; bin--) {
      const [more, wrong] = [this.#positives[bin] ?? 0, this.#negatives[bin] ?? 0];
      // Positives above lower negatives win, those in the same bin half.
      wins += wrong * (hits + more / 2);
      hits += more;
      others += wrong;
      if (more > 0) precision += more * (hits / (hits + others));
    }
    return {
      pixels: positives + negatives,
      positives,
      dice: (2 * this.#hits) / (this.#predicted + positives),
      iou: this.#hits / (this.#predicted + positives - this.#hits),
      average_precision: precision / positives,
      roc_auc: wins / (positives * negatives),
    };
  }
}

function sum(counts: Float64Array): number {
  return counts.reduce((total, count) => total + count, 0);
}
