/** What makes a model's probabilities as sure as they are right: monotone functions of one number. */

export const calibrationMethods = ["temperature", "isotonic"] as const;
export type CalibrationMethod = (typeof calibrationMethods)[number];

/** Plain data, as it is kept in a file. */
export type Calibrator =
  /** The logit is divided by it (Guo et al., ICML 2017): above 1 a model was too sure. */
  | { readonly method: "temperature"; readonly temperature: number }
  /** Shares at scores, both rising, and lines between them (Zadrozny and Elkan, KDD 2002). */
  | { readonly method: "isotonic"; readonly scores: readonly number[]; readonly shares: readonly number[] };

/** NaN, which stands for no data, stays. */
export function calibrated(calibrator: Calibrator, probability: number): number {
  if (calibrator.method === "temperature") return logistic(logit(probability) / calibrator.temperature);
  return interpolated(calibrator, probability);
}

export function logit(probability: number): number {
  return Math.log(probability / (1 - probability));
}

export function logistic(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

function interpolated({ scores, shares }: Calibrator & { method: "isotonic" }, probability: number): number {
  if (Number.isNaN(probability)) return Number.NaN;
  const last = scores.length - 1;
  if (probability <= (scores[0] ?? 0)) return shares[0] ?? Number.NaN;
  if (probability >= (scores[last] ?? 1)) return shares[last] ?? Number.NaN;
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((scores[middle] ?? 0) <= probability) low = middle;
    else high = middle;
  }
  const [from = 0, to = 1] = [scores[low], scores[high]];
  const [below = 0, above = 1] = [shares[low], shares[high]];
  return below + ((probability - from) / (to - from)) * (above - below);
}
