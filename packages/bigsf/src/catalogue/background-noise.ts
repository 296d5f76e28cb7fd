/**
 * The noise of a profile is the background that it lies on. That has waves of all lengths, the longer the higher (column densities of
 * clouds have power spectra of k^-2.5 to k^-3), so that a cut through it is a walk, in which neighbours err alike. Least squares of
 * the values take such a wave for the feet of a filament, and find it too wide; those of residuals made independent do not (Aitken
 * 1935). The walk's variance is 1 a pixel; `ratio` is the variance of white noise on it.
 */
export interface BackgroundNoise {
  readonly ratio: number;
  /** Of its covariance. */
  readonly logDeterminant: number;
  /** Makes residuals independent and of variance 1: a linear map. */
  whitened(residuals: Float64Array): Float64Array;
}

/** From a walk nearly alone to nearly white noise. */
export const noiseRatios: readonly number[] = [0.1, 1, 10, 100, 1000];

/** Residuals by the Kalman filter of a local level (Harvey 1989), which begins as unsure as a walk over the cut would leave it. */
export function backgroundNoise(offsets: Float64Array, ratio: number): BackgroundNoise {
  const gains = new Float64Array(offsets.length);
  const deviations = new Float64Array(offsets.length);
  let unsure = (offsets.at(-1) ?? 0) - (offsets[0] ?? 0);
  let logDeterminant = 0;
  for (const [i, offset] of offsets.entries()) {
    unsure += offset - (offsets[i - 1] ?? offset);
    const variance = unsure + ratio;
    gains[i] = unsure / variance;
    deviations[i] = Math.sqrt(variance);
    logDeterminant += Math.log(variance);
    unsure *= ratio / variance;
  }
  return {
    ratio,
    logDeterminant,
    whitened(residuals) {
      let level = 0;
      return residuals.map((residual, i) => {
        const news = residual - level;
        level += (gains[i] ?? 0) * news;
        return news / (deviations[i] ?? 1);
      });
    },
  };
}
