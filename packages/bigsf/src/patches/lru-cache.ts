/**
 * Values that are made when they are first asked for, and forgotten, the least recently used first, when there are more
 * than `capacity`. One that is being made is shared.
 */
export class LruCache<V> {
  readonly #capacity: number;
  readonly #make: (key: number) => Promise<V>;
  readonly #entries = new Map<number, Promise<V>>();

  constructor(capacity: number, make: (key: number) => Promise<V>) {
    this.#capacity = Math.max(1, capacity);
    this.#make = make;
  }

  get(key: number): Promise<V> {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      // A map goes through its keys in the order of insertion.
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    const made = this.#make(key);
    this.#entries.set(key, made);
    // What failed is tried again the next time.
    made.catch(() => this.#entries.delete(key));
    if (this.#entries.size > this.#capacity) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    return made;
  }
}
