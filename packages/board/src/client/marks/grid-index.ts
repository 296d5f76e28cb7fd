/** Points of a picture in cells of a grid: what is under the pointer is found without looking at the other million. */

const cellSize = 8;

export class GridIndex {
  readonly #x: Float32Array;
  readonly #y: Float32Array;
  readonly #left: number;
  readonly #top: number;
  readonly #columns: number;
  readonly #rows: number;
  /** Where the points of each cell begin in `#order`. */
  readonly #starts: Uint32Array;
  readonly #order: Uint32Array;

  /** @param x in pixels, as `y`; points that are no numbers are nowhere */
  constructor(x: Float32Array, y: Float32Array) {
    this.#x = x;
    this.#y = y;
    let [left, top, right, bottom] = [
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ];
    for (let index = 0; index < x.length; index += 1) {
      const [across, down] = [x[index] ?? Number.NaN, y[index] ?? Number.NaN];
      if (!Number.isFinite(across) || !Number.isFinite(down)) continue;
      if (across < left) left = across;
      if (across > right) right = across;
      if (down < top) top = down;
      if (down > bottom) bottom = down;
    }
    this.#left = left;
    this.#top = top;
    this.#columns = left <= right ? Math.floor((right - left) / cellSize) + 1 : 0;
    this.#rows = left <= right ? Math.floor((bottom - top) / cellSize) + 1 : 0;
    const cells = this.#columns * this.#rows;
    const starts = new Uint32Array(cells + 1);
    const cellOf = new Int32Array(x.length).fill(-1);
    for (let index = 0; index < x.length; index += 1) {
      const [across, down] = [x[index] ?? Number.NaN, y[index] ?? Number.NaN];
      if (!Number.isFinite(across) || !Number.isFinite(down)) continue;
      const cell = Math.floor((down - top) / cellSize) * this.#columns + Math.floor((across - left) / cellSize);
      cellOf[index] = cell;
      starts[cell + 1] = (starts[cell + 1] ?? 0) + 1;
    }
    for (let cell = 0; cell < cells; cell += 1) starts[cell + 1] = (starts[cell + 1] ?? 0) + (starts[cell] ?? 0);
    const next = starts.slice();
    const order = new Uint32Array(starts[cells] ?? 0);
    for (let index = 0; index < x.length; index += 1) {
      const cell = cellOf[index] ?? -1;
      if (cell < 0) continue;
      const at = next[cell] ?? 0;
      order[at] = index;
      next[cell] = at + 1;
    }
    this.#starts = starts;
    this.#order = order;
  }

  /** Its index; -1 where there is none nearer than `within`. */
  nearest(x: number, y: number, within: number): number {
    let [nearest, distance] = [-1, within];
    const columns = [
      Math.floor((x - within - this.#left) / cellSize),
      Math.floor((x + within - this.#left) / cellSize),
    ] as const;
    const rows = [
      Math.floor((y - within - this.#top) / cellSize),
      Math.floor((y + within - this.#top) / cellSize),
    ] as const;
    for (let row = Math.max(0, rows[0]); row <= Math.min(this.#rows - 1, rows[1]); row += 1)
      for (let column = Math.max(0, columns[0]); column <= Math.min(this.#columns - 1, columns[1]); column += 1) {
        const cell = row * this.#columns + column;
        for (let at = this.#starts[cell] ?? 0; at < (this.#starts[cell + 1] ?? 0); at += 1) {
          const index = this.#order[at] ?? 0;
          const far = Math.hypot((this.#x[index] ?? 0) - x, (this.#y[index] ?? 0) - y);
          if (far < distance) [nearest, distance] = [index, far];
        }
      }
    return nearest;
  }
}
