/** Bits from the highest of a byte to its lowest. What lies beyond the end is 0, and `isOver` says so. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at: number;
  #bit = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get isOver(): boolean {
    return this.#at > this.#bytes.length || (this.#at === this.#bytes.length && this.#bit > 0);
  }

  bit(): number {
    const value = ((this.#bytes[this.#at] ?? 0) >> (7 - this.#bit)) & 1;
    if (++this.#bit === 8) {
      this.#bit = 0;
      this.#at++;
    }
    return value;
  }

  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = 2 * value + this.bit();
    return value;
  }

  /** Leaves the rest of a byte that was begun. */
  align(): void {
    if (this.#bit === 0) return;
    this.#bit = 0;
    this.#at++;
  }
}
