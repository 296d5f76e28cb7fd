/**
 * How much noise is in a tile, after cfitsio's fits_img_stats: the median absolute value of differences of neighbouring
 * pixels of second, third and fifth order, the smallest of them, so that smooth structure does not count.
 */

const MAD_TO_SIGMA = 1.482602218505602;

type Values = Float32Array | Float64Array;

interface Difference {
  /** Pixels from the first to the last that it takes. */
  readonly length: number;
  readonly at: (v: Values, i: number) => number;
  /** Standard deviation of the difference of pixels whose own is 1. */
  readonly spread: number;
}

const DIFFERENCES: readonly Difference[] = [
  { length: 3, at: (v, i) => (v[i] ?? 0) - (v[i + 2] ?? 0), spread: Math.SQRT2 },
  { length: 5, at: (v, i) => 2 * (v[i + 2] ?? 0) - (v[i] ?? 0) - (v[i + 4] ?? 0), spread: Math.sqrt(6) },
  {
    length: 9,
    at: (v, i) => 6 * (v[i + 4] ?? 0) - 4 * ((v[i + 2] ?? 0) + (v[i + 6] ?? 0)) + (v[i] ?? 0) + (v[i + 8] ?? 0),
    spread: Math.sqrt(70),
  },
];

/**
 * @param values rows of `width` pixels; NaN does not count
 * @returns standard deviation of the noise, 0 where there is none to be found
 */
export function estimateNoise(values: Values, width: number): number {
  const found = new Float64Array(values.length);
  const estimates = DIFFERENCES.map(({ length, at, spread }) => {
    let count = 0;
    for (let row = 0; row + width <= values.length; row += width) {
      for (let i = row; i + length <= row + width; i++) {
        const difference = Math.abs(at(values, i));
        if (difference < Number.POSITIVE_INFINITY) found[count++] = difference;
      }
    }
    return count === 0 ? Number.POSITIVE_INFINITY : (middle(found.subarray(0, count)) * MAD_TO_SIGMA) / spread;
  });
  const least = Math.min(...estimates);
  return Number.isFinite(least) ? least : 0;
}

/** The median by Hoare's selection, which does not sort all of them; reorders the values. */
function middle(values: Float64Array): number {
  const wanted = values.length >> 1;
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1] ?? 0;
    let i = low;
    let j = high;
    while (i <= j) {
      while ((values[i] ?? 0) < pivot) i++;
      while ((values[j] ?? 0) > pivot) j--;
      if (i > j) break;
      const swapped = values[i] ?? 0;
      values[i++] = values[j] ?? 0;
      values[j--] = swapped;
    }
    if (wanted <= j) high = j;
    else if (wanted >= i) low = i;
    else break;
  }
  return values[wanted] ?? 0;
}
