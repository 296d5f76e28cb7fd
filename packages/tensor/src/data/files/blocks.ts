/** Rows of a column that are read together, such as a chunk of an HDF5 data set or a row group of a Parquet file. */
export interface Blocks {
  readonly count: number;
  /** Which block a row lies in. */
  of(row: number): number;
  /** First row of a block, and the one after its last. */
  range(block: number): readonly [start: number, end: number];
}

/** All of `size` rows, but for a smaller last one. */
export function evenBlocks(rows: number, size: number): Blocks {
  return {
    count: Math.ceil(rows / size),
    of: (row) => Math.floor(row / size),
    range: (block) => [block * size, Math.min(rows, (block + 1) * size)],
  };
}

/** @param starts the first row of each block, and the number of all rows at the end */
export function listedBlocks(starts: readonly number[]): Blocks {
  return {
    count: starts.length - 1,
    of(row) {
      let [low, high] = [0, starts.length - 1];
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if ((starts[middle] ?? 0) <= row) low = middle;
        else high = middle;
      }
      return low;
    },
    range: (block) => [starts[block] ?? 0, starts[block + 1] ?? 0],
  };
}
