/**
 * Of a Gaussian at whole pixels, of sum 1 and of just this variance. Taken at whole pixels one of less than half of a pixel would have
 * less; the weights are those of a wider one, by as much as makes up for that: the discrete normal distribution (Kemp 1997).
 *
 * @param sigma in pixels
 * @returns weights of -reach to reach
 */
export function discreteNormal(sigma: number): readonly number[] {
  const reach = Math.ceil(4 * sigma);
  const offsets = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
  const weightsOf = (width: number) => {
    const heights = offsets.map((offset) => Math.exp(-(offset ** 2) / (2 * width * width)));
    const sum = heights.reduce((all, height) => all + height, 0);
    return heights.map((height) => height / sum);
  };
  let [low, high] = [sigma, 1.1 * sigma + 0.5];
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    const variance = weightsOf(middle).reduce((sum, weight, i) => sum + weight * (i - reach) ** 2, 0);
    if (variance < sigma ** 2) low = middle;
    else high = middle;
  }
  return weightsOf(high);
}
