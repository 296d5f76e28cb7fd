import { fwhmOfSigma } from "./filaments.ts";

type Rows = (y0: number, y1: number) => Float64Array;

/**
 * Rows as a telescope with a Gaussian beam sees them. What it needs above and below is asked for; to the left and right of the
 * map is what lies at its edge.
 *
 * @param beam full width at half maximum in pixels
 */
export function blurRows(rows: Rows, { width, beam }: { readonly width: number; readonly beam: number }): Rows {
  const sigma = beam / fwhmOfSigma;
  const reach = Math.ceil(4 * sigma);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const kernel = weights.map((weight) => weight / sum);
  return (y0, y1) => {
    const around = rows(y0 - reach, y1 + reach);
    const across = new Float64Array(around.length);
    for (let start = 0; start < around.length; start += width)
      for (let x = 0; x < width; x++) {
        let value = 0;
        for (const [i, weight] of kernel.entries())
          value += weight * (around[start + Math.max(0, Math.min(width - 1, x + i - reach))] ?? 0);
        across[start + x] = value;
      }
    return Float64Array.from({ length: (y1 - y0) * width }, (_, place) => {
      let value = 0;
      for (const [i, weight] of kernel.entries()) value += weight * (across[place + i * width] ?? 0);
      return value;
    });
  };
}
