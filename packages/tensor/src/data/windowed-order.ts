import type { Generator } from "../random/generator.ts";

export interface WindowedOrderOptions {
  /** Where each sample is stored, as a number from 0: [samples]. */
  readonly regionOf: Int32Array;
  /** How many regions are mixed with each other. */
  readonly regionsPerWindow: number;
  readonly generator: Generator;
}

/**
 * A random order of samples that goes through where they are stored window by window: random regions make up a window,
 * and its samples are mixed. So each region need be read but once, if a window fits into memory.
 *
 * @returns every sample once: [samples]
 */
export function windowedOrder({
  regionOf,
  regionsPerWindow,
  generator,
}: WindowedOrderOptions): Int32Array<ArrayBuffer> {
  const regions = 1 + regionOf.reduce((a, b) => Math.max(a, b), -1);
  // Samples sorted by region: those of region r lie from starts[r] to starts[r + 1].
  const starts = new Int32Array(regions + 1);
  for (const region of regionOf) starts[region + 1] = (starts[region + 1] ?? 0) + 1;
  for (let region = 0; region < regions; region++)
    starts[region + 1] = (starts[region + 1] ?? 0) + (starts[region] ?? 0);
  const next = starts.slice();
  const sorted = new Int32Array(regionOf.length);
  for (let sample = 0; sample < regionOf.length; sample++) {
    const region = regionOf[sample] ?? 0;
    const place = next[region] ?? 0;
    sorted[place] = sample;
    next[region] = place + 1;
  }
  const used = generator.permutation(regions).filter((region) => starts[region] !== starts[region + 1]);
  const order = new Int32Array(regionOf.length);
  let end = 0;
  for (let first = 0; first < used.length; first += regionsPerWindow) {
    const begin = end;
    for (const region of used.subarray(first, first + regionsPerWindow)) {
      const samples = sorted.subarray(starts[region], starts[region + 1]);
      order.set(samples, end);
      end += samples.length;
    }
    shuffle(order.subarray(begin, end), generator);
  }
  return order;
}

/** In place (Fisher and Yates). */
function shuffle(values: Int32Array, generator: Generator): void {
  for (let index = values.length - 1; index > 0; index--) {
    const other = generator.integer(0, index + 1);
    const moved = values[index] ?? 0;
    values[index] = values[other] ?? 0;
    values[other] = moved;
  }
}
