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
  /** Tops and bottoms, in turn, that the line being added has had in its column before gaps. */
  readonly #earlier: number[] = [];

  constructor(size: Size) {
    this.#size = size;
    this.#changes = new Int16Array(size[0] * (size[1] + 1));
  }

  /**
   * @param dash pixels that are drawn and pixels that are not, in turn; none for a line without gaps
   * @param shift by so many pixels the dashes begin earlier
   */
  addLine({ across, down }: LinePlaces, dash: readonly number[], shift = 0): void {
    const columns = this.#size[0];
    const period = dash.reduce((sum, each) => sum + each, 0);
    const drawn = period === 0 ? 1 : (dash[0] ?? 0);
    // The stretch of a column that the line is at, and whether it goes on from there.
    let column = -1;
    let top = 0;
    let bottom = 0;
    let goesOn = false;
    let lastX = Number.NaN;
    let lastY = Number.NaN;
    // All in one loop, since there may be a million points.
    for (let index = 0; index < across.length; index += 1) {
      const x = across[index] ?? Number.NaN;
      const y = down[index] ?? Number.NaN;
      if (goesOn && Number.isFinite(y) && x < column + 1) {
        if (y < top) top = y;
        if (y > bottom) bottom = y;
      } else if (!Number.isFinite(x) || !Number.isFinite(y)) goesOn = false;
      else if (x >= 0 && Number.isFinite(lastX) && Number.isFinite(lastY)) {
        if (lastX >= columns) break;
        const slope = x > lastX ? (y - lastY) / (x - lastX) : 0;
        if (!goesOn) {
          const start = lastX < 0 ? 0 : Math.floor(lastX);
          if (column === start) this.#earlier.push(Math.floor(top), Math.floor(bottom));
          else if (column >= 0)
            this.#end(column, Math.floor(top), Math.floor(bottom), period === 0 || (column + shift) % period < drawn);
          column = start;
          top = lastX < 0 ? lastY - slope * lastX : lastY;
          bottom = top;
          goesOn = true;
        }
        while (x >= column + 1 && column < columns) {
          const edge = lastY + slope * (column + 1 - lastX);
          if (edge < top) top = edge;
          if (edge > bottom) bottom = edge;
          this.#end(column, Math.floor(top), Math.floor(bottom), period === 0 || (column + shift) % period < drawn);
          column += 1;
          top = edge;
          bottom = edge;
        }
        if (y < top) top = y;
        if (y > bottom) bottom = y;
      }
      lastX = x;
      lastY = y;
    }
    if (column >= 0 && column < columns)
      this.#end(column, Math.floor(top), Math.floor(bottom), period === 0 || (column + shift) % period < drawn);
  }

  /** Takes whole numbers: others would be allocated for each call. */
  #end(column: number, top: number, bottom: number, isDrawn: boolean): void {
    if (this.#earlier.length === 0) {
      if (isDrawn) this.#add(column, top, bottom);
      return;
    }
    this.#earlier.push(top, bottom);
    if (isDrawn) for (const [first, last] of joinedStretches(this.#earlier)) this.#add(column, first, last);
    this.#earlier.length = 0;
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
