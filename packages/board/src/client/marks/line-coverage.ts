/**
 * How many lines cover each pixel, from where each begins and ends in a column: a tall one costs no more than a short one.
 * A line that goes on covers one stretch of a column however often it crosses it, and is counted once in a pixel.
 */

export type Size = readonly [columns: number, rows: number];

/** In pixels; NaN where there is none. */
export interface LinePlaces {
  /** Ascending. */
  readonly across: Float64Array;
  readonly down: Float64Array;
}

export class LineCoverage {
  readonly #size: Size;
  /** Column by column, with one more row: by how much the count is another than in the row above. */
  readonly #changes: Int16Array;

  constructor(size: Size) {
    this.#size = size;
    this.#changes = new Int16Array(size[0] * (size[1] + 1));
  }

  /** @param dash pixels that are drawn and pixels that are not, in turn; none for a line without gaps */
  addLine({ across, down }: LinePlaces, dash: readonly number[]): void {
    const columns = this.#size[0];
    const period = dash.reduce((sum, each) => sum + each, 0);
    const drawn = period === 0 ? 1 : (dash[0] ?? 0);
    // The stretch that the line is at, and those before gaps in the same column, in turn their tops and bottoms.
    let [column, top, bottom] = [-1, 0, 0];
    const earlier: number[] = [];
    const endColumn = () => {
      if (earlier.length === 0) this.#add(column, top, bottom);
      else {
        for (const [first, last] of joinedStretches([...earlier, top, bottom])) this.#add(column, first, last);
        earlier.length = 0;
      }
    };
    let lastX = Number.NaN;
    let lastY = Number.NaN;
    let goesOn = false;
    // All in one loop, since there may be a million points.
    for (let index = 0; index < across.length; index += 1) {
      const x = across[index] ?? Number.NaN;
      const y = down[index] ?? Number.NaN;
      if (Number.isFinite(x) && Number.isFinite(y) && Number.isFinite(lastX) && Number.isFinite(lastY)) {
        const slope = x > lastX ? (y - lastY) / (x - lastX) : 0;
        const end = Math.min(columns - 1, Math.floor(x));
        for (let at = Math.max(0, Math.floor(lastX)); at <= end; at += 1) {
          if (period > 0 && at % period >= drawn) continue;
          const from = slope === 0 || at <= lastX ? lastY : lastY + slope * (at - lastX);
          const to = slope === 0 || at + 1 >= x ? y : lastY + slope * (at + 1 - lastX);
          const first = Math.floor(from < to ? from : to);
          const last = Math.floor(from < to ? to : from);
          if (at === column && goesOn) {
            if (first < top) top = first;
            if (last > bottom) bottom = last;
            continue;
          }
          if (at === column) earlier.push(top, bottom);
          else if (column >= 0) endColumn();
          column = at;
          top = first;
          bottom = last;
        }
        goesOn = true;
      } else goesOn = false;
      lastX = x;
      lastY = y;
    }
    if (column >= 0) endColumn();
  }

  addDot([x, y]: readonly [x: number, y: number], radius: number): void {
    if (!Number.isFinite(x) || !Number.isFinite(y)) return;
    const [first, last] = [Math.ceil(x - radius - 0.5), Math.floor(x + radius - 0.5)];
    for (let column = Math.max(0, first); column <= Math.min(this.#size[0] - 1, last); column += 1) {
      const half = Math.sqrt(radius ** 2 - (column + 0.5 - x) ** 2);
      this.#add(column, Math.ceil(y - half - 0.5), Math.floor(y + half - 0.5));
    }
  }

  #add(column: number, top: number, bottom: number): void {
    const rows = this.#size[1];
    const first = top < 0 ? 0 : top;
    const after = bottom < rows ? bottom + 1 : rows;
    if (first >= after) return;
    const at = column * (rows + 1);
    this.#changes[at + first] = (this.#changes[at + first] ?? 0) + 1;
    this.#changes[at + after] = (this.#changes[at + after] ?? 0) - 1;
  }

  /** Row by row. */
  counts(): Uint16Array {
    const [columns, rows] = this.#size;
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

/** Those that overlap are one. */
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
