/** Places of pixels, as many as come: four bytes each. */
export class PlaceList {
  #places = new Int32Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  [Symbol.iterator](): Iterator<number> {
    return this.#places.subarray(0, this.#length).values();
  }

  push(place: number): void {
    if (this.#length === this.#places.length) {
      const longer = new Int32Array(2 * this.#length);
      longer.set(this.#places);
      this.#places = longer;
    }
    this.#places[this.#length++] = place;
  }

  /** The last one, which goes; 0 where there is none. */
  pop(): number {
    if (this.#length === 0) return 0;
    return this.#places[--this.#length] ?? 0;
  }
}
