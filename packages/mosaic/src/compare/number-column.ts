/** A list of numbers that grows, eight bytes each; NaN stands for none. */
export class NumberColumn {
  #values = new Float64Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number | undefined): void {
    if (this.#length === this.#values.length) {
      const longer = new Float64Array(2 * this.#length);
      longer.set(this.#values);
      this.#values = longer;
    }
    this.#values[this.#length++] = value ?? Number.NaN;
  }

  set(row: number, value: number | undefined): void {
    this.#values[row] = value ?? Number.NaN;
  }

  at(row: number): number {
    return this.#values[row] ?? Number.NaN;
  }

  knownAt(row: number): number | undefined {
    const value = this.at(row);
    return Number.isNaN(value) ? undefined : value;
  }
}
