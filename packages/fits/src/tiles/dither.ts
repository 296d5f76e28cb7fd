/** Floats that were quantised to integers before compression, and their dithering: section 10.2 and appendix I. */

export const QUANTIZATIONS = ["NO_DITHER", "SUBTRACTIVE_DITHER_1", "SUBTRACTIVE_DITHER_2"] as const;
export type Quantization = (typeof QUANTIZATIONS)[number];

/** Stands for NaN where there is no ZBLANK. */
export const NULL_VALUE = -2147483647;
/** Stands for exactly 0 under SUBTRACTIVE_DITHER_2. */
export const ZERO_VALUE = -2147483646;

const COUNT = 10_000;
let table: Float32Array | undefined;

/** The standard's fixed sequence: Park and Miller's generator, appendix I. */
function randomNumbers(): Float32Array {
  if (table !== undefined) return table;
  table = new Float32Array(COUNT);
  let seed = 1;
  for (let i = 0; i < COUNT; i++) {
    seed = (16807 * seed) % 2147483647;
    table[i] = seed / 2147483647;
  }
  return table;
}

/** The random numbers of one tile's pixels, in their order. */
function tileNoise(tile: number, seed: number): () => number {
  const numbers = randomNumbers();
  let start = (tile + seed - 1) % COUNT;
  let next = Math.floor((numbers[start] ?? 0) * 500);
  return () => {
    const number = numbers[next++] ?? 0;
    if (next === COUNT) {
      start = (start + 1) % COUNT;
      next = Math.floor((numbers[start] ?? 0) * 500);
    }
    return number;
  };
}

export interface TileQuantization {
  readonly method: Quantization;
  /** ZDITHER0, 1 to 10000. */
  readonly seed: number;
  /** Number of the tile from 0. */
  readonly tile: number;
  /** ZSCALE and ZZERO of the tile. */
  readonly scale: number;
  readonly zero: number;
  readonly blank: number | undefined;
}

/** Writes the real values of quantised ones into `values`. */
export function unquantize(
  integers: ArrayLike<number>,
  { method, seed, tile, scale, zero, blank }: TileQuantization,
  values: Float32Array | Float64Array,
): void {
  const noise = method === "NO_DITHER" ? undefined : tileNoise(tile, seed);
  for (let i = 0; i < integers.length; i++) {
    const integer = integers[i] ?? 0;
    const shift = noise === undefined ? 0 : noise() - 0.5;
    if (integer === blank) values[i] = Number.NaN;
    else if (integer === ZERO_VALUE && method === "SUBTRACTIVE_DITHER_2") values[i] = 0;
    else values[i] = (integer - shift) * scale + zero;
  }
}

/**
 * The reverse: integers near (value - zero) / scale, with the noise added, NULL_VALUE for NaN.
 * @returns null where they do not fit into 31 bits, so that the tile has to be stored losslessly
 */
export function quantize(
  values: Float32Array | Float64Array,
  { method, seed, tile, scale, zero }: Omit<TileQuantization, "blank">,
): Int32Array | null {
  const noise = method === "NO_DITHER" ? undefined : tileNoise(tile, seed);
  const integers = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    const shift = noise === undefined ? 0 : noise() - 0.5;
    if (Number.isNaN(value)) integers[i] = NULL_VALUE;
    else if (value === 0 && method === "SUBTRACTIVE_DITHER_2") integers[i] = ZERO_VALUE;
    else {
      const integer = Math.round((value - zero) / scale + shift);
      if (!(Math.abs(integer) < -ZERO_VALUE - 10)) return null;
      integers[i] = integer;
    }
  }
  return integers;
}
