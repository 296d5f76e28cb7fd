/** What was made for the latest keys: making it again takes longer than keeping it. */
export class Latest<Value> {
  readonly #most: number;
  readonly #values = new Map<string, Value>();

  constructor(most: number) {
    this.#most = most;
  }

  /** @param isKept of what is made: what is too large is made anew each time */
  for(key: string, make: () => Value, isKept: (value: Value) => boolean = () => true): Value {
    const value = this.#values.get(key) ?? make();
    // Moved to the end: the map's order is that of the last use.
    this.#values.delete(key);
    if (isKept(value)) this.#values.set(key, value);
    for (const oldest of this.#values.keys().take(Math.max(0, this.#values.size - this.#most)))
      this.#values.delete(oldest);
    return value;
  }
}
