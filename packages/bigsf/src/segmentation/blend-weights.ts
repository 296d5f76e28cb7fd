/** How much each pixel of a patch counts where patches overlap. */
export type Blend = "mean" | "gaussian";

/**
 * Weights along one axis, one list for each patch. The window of a square patch is the product of those of its two axes;
 * since they are divided here by what all patches give to a pixel together, the weights of a pixel sum to 1, and a
 * weighted sum over the patches is their blend already.
 *
 * `gaussian` is nnU-Net's window (Isensee et al. 2021, Nature Methods 18, 203), of a standard deviation of an eighth of
 * the patch, so that a pixel is decided by the patches that see most around it. Unlike there it is centred for even
 * sizes too. At a patch's edge it is e^-8 of its height, never 0.
 *
 * @param starts first pixel of each patch
 * @returns for each patch, [patchSize]
 */
export function blendWeights(blend: Blend, starts: readonly number[], patchSize: number): readonly Float64Array[] {
  const window = windowOf(blend, patchSize);
  const sums = new Float64Array((starts.at(-1) ?? 0) + patchSize);
  for (const start of starts)
    for (let i = 0; i < patchSize; i++) sums[start + i] = (sums[start + i] ?? 0) + (window[i] ?? 0);
  return starts.map((start) => window.map((weight, i) => weight / (sums[start + i] ?? 1)));
}

function windowOf(blend: Blend, patchSize: number): Float64Array {
  const centre = (patchSize - 1) / 2;
  const deviation = patchSize / 8;
  switch (blend) {
    case "mean":
      return new Float64Array(patchSize).fill(1);
    case "gaussian":
      return Float64Array.from({ length: patchSize }, (_, i) => Math.exp(-(((i - centre) / deviation) ** 2) / 2));
    default:
      return blend satisfies never;
  }
}
