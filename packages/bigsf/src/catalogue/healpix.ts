/** The pixels of the sphere of Górski et al. (ApJ 622, 759, 2005), in nested order. */

/** Largest order whose pixels are whole numbers in a double. */
export const mostOrder = 24;

/** Side of a pixel in degrees: the square root of its area. */
export function healpixSide(order: number): number {
  return ((Math.sqrt(Math.PI / 3) / 2 ** order) * 180) / Math.PI;
}

/** The pixel that a point lies in. @param longitude @param latitude in degrees */
export function healpixOf(order: number, longitude: number, latitude: number): number {
  const side = 2 ** order;
  const z = Math.sin((latitude * Math.PI) / 180);
  const height = Math.abs(z);
  const quarters = (((longitude % 360) + 360) % 360) / 90;
  if (height <= 2 / 3) {
    const [along, across] = [side * (0.5 + quarters), side * z * 0.75];
    // Ascending and descending lines, counted over the whole belt.
    const [up, down] = [Math.floor(along - across), Math.floor(along + across)];
    const [upFace, downFace] = [Math.floor(up / side), Math.floor(down / side)];
    const face = upFace === downFace ? (upFace % 4) + 4 : upFace < downFace ? upFace : downFace + 8;
    return pixelOn(face % 12, down % side, side - (up % side) - 1, side);
  }
  const quarter = Math.min(3, Math.floor(quarters));
  const within = quarters - quarter;
  // √(3 (1 - |z|)), without the loss of digits near the poles.
  const scale = side * Math.cos((latitude * Math.PI) / 180) * Math.sqrt(3 / (1 + height));
  const left = Math.min(side - 1, Math.floor(within * scale));
  const right = Math.min(side - 1, Math.floor((1 - within) * scale));
  return z >= 0 ? pixelOn(quarter, side - right - 1, side - left - 1, side) : pixelOn(quarter + 8, left, right, side);
}

/** Bits of x and y by turns. */
function pixelOn(face: number, x: number, y: number, side: number): number {
  let pixel = face * side * side;
  for (let value = 1, place = 1; value < side; value *= 2, place *= 4) {
    if (Math.floor(x / value) % 2 === 1) pixel += place;
    if (Math.floor(y / value) % 2 === 1) pixel += 2 * place;
  }
  return pixel;
}

/**
 * Pixels of one order as the fewest of any order: four that are one pixel of the order before are that.
 *
 * @param pixels each once and rising
 * @returns pixel + 4^(order + 1) of each, which tells its order too (NUNIQ), rising
 */
export function mergedPixels(order: number, pixels: Float64Array): Float64Array {
  const merged = new Float64Array(pixels.length);
  let count = 0;
  let left = pixels;
  for (let current = order; current >= 0; current--) {
    const parents = new Float64Array(left.length >> 2);
    let numParents = 0;
    for (let i = 0; i < left.length; ) {
      const first = left[i] ?? 0;
      const isWhole = current > 0 && first % 4 === 0 && left[i + 3] === first + 3;
      if (isWhole) parents[numParents++] = first / 4;
      else merged[count++] = first + 4 ** (current + 1);
      i += isWhole ? 4 : 1;
    }
    left = parents.subarray(0, numParents);
  }
  return merged.subarray(0, count).sort();
}
