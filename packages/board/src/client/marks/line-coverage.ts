/**
 * How many lines cover each pixel, from where each begins and ends in a column: a tall one costs no more than a short one.
 * A line that goes on covers one stretch of a column however often it crosses it, and is counted once in a pixel.
 */

export type Size = readonly [columns: number, rows: number];

export class LineCoverage {
  readonly size: Size;
  /** Column by column, with one more row: by how much the count is another than in the row above. */
  readonly #changes: Int32Array;
  /** Of the line that is being drawn: its column, and there the first and last row of each stretch, in turn. */
  #column = -1;
  readonly #stretches: number[] = [];

  constructor(size: Size) {
    this.size = size;
    this.#changes = new Int32Array(size[0] * (size[1] + 1));
  }

  /** @param goesOn whether the line has come here from where it was last, without a gap */
  cover(column: number, from: number, to: number, goesOn: boolean): void {
    const [top, bottom] = [Math.floor(Math.min(from, to)), Math.floor(Math.max(from, to))];
    const stretches = this.#stretches;
    const last = stretches.length - 1;
    if (column !== this.#column) {
      this.endLine();
      this.#column = column;
      stretches.push(top, bottom);
    } else if (goesOn && last > 0) {
      stretches[last - 1] = Math.min(stretches[last - 1] ?? top, top);
      stretches[last] = Math.max(stretches[last] ?? bottom, bottom);
    } else stretches.push(top, bottom);
  }

  /** Counts what the line covers of its column. */
  endLine(): void {
    const stretches = this.#stretches;
    if (stretches.length === 2) this.#add(stretches[0] ?? 0, stretches[1] ?? 0);
    else if (stretches.length > 2) for (const [top, bottom] of joinedStretches(stretches)) this.#add(top, bottom);
    stretches.length = 0;
    this.#column = -1;
  }

  #add(top: number, bottom: number): void {
    const rows = this.size[1];
    const [first, last] = [Math.max(0, top), Math.min(rows - 1, bottom)];
    if (first > last) return;
    const at = this.#column * (rows + 1);
    this.#changes[at + first] = (this.#changes[at + first] ?? 0) + 1;
    this.#changes[at + last + 1] = (this.#changes[at + last + 1] ?? 0) - 1;
  }

  /** Row by row. */
  counts(): Uint16Array {
    const [columns, rows] = this.size;
    const counts = new Uint16Array(columns * rows);
    for (let column = 0; column < columns; column += 1) {
      let count = 0;
      for (let row = 0; row < rows; row += 1) {
        count += this.#changes[column * (rows + 1) + row] ?? 0;
        counts[row * columns + column] = count;
      }
    }
    return counts;
  }
}

/** Those that touch are one. */
function joinedStretches(stretches: readonly number[]): readonly (readonly [top: number, bottom: number])[] {
  const sorted = Array.from(
    { length: stretches.length / 2 },
    (_, index) => [stretches[2 * index] ?? 0, stretches[2 * index + 1] ?? 0] as const,
  ).sort(([one], [other]) => one - other);
  const joined: (readonly [number, number])[] = [];
  for (const [top, bottom] of sorted) {
    const before = joined.at(-1);
    if (before !== undefined && top <= before[1]) joined[joined.length - 1] = [before[0], Math.max(before[1], bottom)];
    else joined.push([top, bottom]);
  }
  return joined;
}
