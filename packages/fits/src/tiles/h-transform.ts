/**
 * The inverse of the H-transform of HCOMPRESS, in place: whole numbers as doubles, since those of 32-bit pixels have more
 * bits than a 32-bit integer. Rounding follows cfitsio, bit for bit.
 */

/** @param smax the most that smoothing may change a coefficient by; 0: none is smoothed */
export function inverseTransform(a: Float64Array, rows: number, columns: number, smax: number): void {
  const levels = Math.max(0, Math.ceil(Math.log2(Math.max(rows, columns))));
  const scratch = new Float64Array(Math.ceil(Math.max(rows, columns) / 2));
  let bit0 = 2 ** (levels - 1);
  a[0] = roundTo(a[0] ?? 0, 4 * bit0);
  for (let level = levels - 1; level >= 0; level--) {
    const [height, width] = [Math.ceil(rows / 2 ** level), Math.ceil(columns / 2 ** level)];
    for (let row = 0; row < height; row++) unshuffle(a, columns * row, width, 1, scratch);
    for (let column = 0; column < width; column++) unshuffle(a, column, height, columns, scratch);
    if (smax > 0) smoothen(a, height, width, columns, smax);
    combine(a, height, width, columns, bit0, level === 0 ? 4 : 2);
    bit0 /= 2;
  }
}

/** To a multiple, halves away from 0; below 1 there is nothing to round. */
function roundTo(value: number, multiple: number): number {
  if (multiple <= 1) return value;
  const half = multiple / 2;
  return Math.floor((value + (value >= 0 ? half : half - 1)) / multiple) * multiple;
}

/** Bit of a whole number in two's complement, as the power of two that it stands for. */
function bitOf(value: number, bit: number): number {
  const above = Math.floor(value / bit);
  return above - 2 * Math.floor(above / 2) === 0 ? 0 : bit;
}

/** Sums and differences of 2 x 2 blocks become pixels. @param divisor 2, and 4 at the last level */
function combine(
  a: Float64Array,
  height: number,
  width: number,
  rowLength: number,
  bit0: number,
  divisor: number,
): void {
  const bit1 = 2 * bit0;
  // At the last level h0 is whole as it is, and hc has no bits below to lose.
  for (let row = 0; row < height; row += 2) {
    for (let column = 0; column < width; column += 2) {
      const at = row * rowLength + column;
      const [right, below] = [at + 1, at + rowLength];
      let h0 = a[at] ?? 0;
      if (row + 1 < height && column + 1 < width) {
        let hx = roundTo(a[below] ?? 0, bit1);
        let hy = roundTo(a[right] ?? 0, bit1);
        const hc = roundTo(a[below + 1] ?? 0, bit0);
        const low0 = bitOf(hc, bit0);
        hx += hx >= 0 ? -low0 : low0;
        hy += hy >= 0 ? -low0 : low0;
        const odd = bitOf(hc, bit1) + bitOf(hx, bit1) + bitOf(hy, bit1);
        const low1 = odd === bit1 || odd === 3 * bit1 ? bit1 : 0;
        if (h0 >= 0) h0 += low0 - low1;
        else h0 += low0 === 0 ? low1 : low0 - low1;
        a[below + 1] = Math.floor((h0 + hx + hy + hc) / divisor);
        a[below] = Math.floor((h0 + hx - hy - hc) / divisor);
        a[right] = Math.floor((h0 - hx + hy - hc) / divisor);
        a[at] = Math.floor((h0 - hx - hy + hc) / divisor);
      } else if (row + 1 < height || column + 1 < width) {
        const other = row + 1 < height ? below : right;
        const h = roundTo(a[other] ?? 0, bit1);
        const low1 = bitOf(h, bit1);
        h0 += h0 >= 0 ? -low1 : low1;
        a[other] = Math.floor((h0 + h) / divisor);
        a[at] = Math.floor((h0 - h) / divisor);
      } else a[at] = Math.floor(h0 / divisor);
    }
  }
}

/** The first half goes to even places, the second to odd ones. */
function unshuffle(a: Float64Array, from: number, count: number, step: number, scratch: Float64Array): void {
  const half = Math.ceil(count / 2);
  for (let i = half; i < count; i++) scratch[i - half] = a[from + i * step] ?? 0;
  for (let i = half - 1; i >= 0; i--) a[from + 2 * i * step] = a[from + i * step] ?? 0;
  for (let i = half; i < count; i++) a[from + (2 * (i - half) + 1) * step] = scratch[i - half] ?? 0;
}

/** Coefficients that would fit the means of neighbouring blocks, as far as they stay monotonic and within `smax`. */
function smoothen(a: Float64Array, height: number, width: number, rowLength: number, smax: number): void {
  const two = 2 * rowLength;
  const at = (index: number) => a[index] ?? 0;
  const change = (index: number, difference: number, low: number, high: number, divisor: number) => {
    if (low >= high) return;
    const wanted = Math.max(Math.min(difference, high), low) - at(index) * divisor;
    a[index] = at(index) + Math.max(Math.min(Math.trunc(wanted / divisor), smax), -smax);
  };
  const slope = (index: number, place: number, step: number) => {
    const [before, here, after] = [at(place - step), at(place), at(place + step)];
    const high = 4 * Math.max(Math.min(after - here, here - before), 0);
    const low = 4 * Math.min(Math.max(after - here, here - before), 0);
    change(index, after - before, low, high, 8);
  };
  for (let row = 2; row < height - 2; row += 2)
    for (let column = 0; column < width; column += 2)
      slope((row + 1) * rowLength + column, row * rowLength + column, two);
  for (let row = 0; row < height; row += 2)
    for (let column = 2; column < width - 2; column += 2)
      slope(row * rowLength + column + 1, row * rowLength + column, 2);
  for (let row = 2; row < height - 2; row += 2) {
    for (let column = 2; column < width - 2; column += 2) {
      const place = row * rowLength + column;
      const h0 = at(place);
      const [hmm, hpm] = [at(place - two - 2), at(place + two - 2)];
      const [hmp, hpp] = [at(place - two + 2), at(place + two + 2)];
      const [hx2, hy2] = [2 * at(place + rowLength), 2 * at(place + 1)];
      const bound = (outer: (...values: number[]) => number, inner: (a: number, b: number) => number) =>
        16 *
        outer(
          inner(hpp - h0, 0) - hx2 - hy2,
          inner(h0 - hpm, 0) + hx2 - hy2,
          inner(h0 - hmp, 0) - hx2 + hy2,
          inner(hmm - h0, 0) + hx2 + hy2,
        );
      const [low, high] = [bound(Math.max, Math.min), bound(Math.min, Math.max)];
      change(place + rowLength + 1, hpp + hmm - hmp - hpm, low, high, 64);
    }
  }
}
