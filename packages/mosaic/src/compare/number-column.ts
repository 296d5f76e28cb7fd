/** A list of numbers that grows, of as few bytes each as they need. */
export class NumberColumn<Numbers extends Float64Array | Uint32Array | Uint8Array> {
  readonly #Numbers: new (
    length: number,
  ) => Numbers;
  #values: Numbers;
  #length = 0;

  constructor(Numbers: new (length: number) => Numbers) {
    this.#Numbers = Numbers;
    this.#values = new Numbers(64);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const longer = new this.#Numbers(2 * this.#length);
      longer.set(this.#values);
      this.#values = longer;
    }
    this.#values[this.#length++] = value;
  }

  set(row: number, value: number): void {
    this.#values[row] = value;
  }

  at(row: number): number {
    return this.#values[row] ?? Number.NaN;
  }

  /** undefined where it is NaN, which stands for none. */
  knownAt(row: number): number | undefined {
    const value = this.at(row);
    return Number.isNaN(value) ? undefined : value;
  }
}
