/** Bytes that become more. */
export class Bytes {
  #data: Uint8Array<ArrayBuffer> = new Uint8Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A view of all there are. */
  all(): Uint8Array<ArrayBuffer> {
    return this.#data.subarray(0, this.#length);
  }

  append(bytes: ArrayLike<number>): this {
    this.#reserve(bytes.length);
    // Instructions are a few bytes, which `set` takes longer to begin with than to write.
    if (bytes.length > 16) this.#data.set(bytes, this.#length);
    else for (let index = 0; index < bytes.length; index++) this.#data[this.#length + index] = bytes[index] ?? 0;
    this.#length += bytes.length;
    return this;
  }

  /** LEB128: seven bits a byte, lowest first. */
  unsigned(value: number): this {
    this.#reserve(5);
    let rest = value >>> 0;
    for (; rest >= 0x80; rest >>>= 7) this.#data[this.#length++] = (rest & 0x7f) | 0x80;
    this.#data[this.#length++] = rest;
    return this;
  }

  signed(value: number | bigint): this {
    this.#reserve(10);
    // Numbers are of 32 bits, and much faster.
    let rest = typeof value === "number" ? value : Number(BigInt.asIntN(32, value));
    if (typeof value === "bigint" && BigInt(rest) !== value) return this.#signedLong(value);
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
      this.#data[this.#length++] = isLast ? low : low | 0x80;
      if (isLast) return this;
    }
  }

  #signedLong(value: bigint): this {
    for (let rest = value; ; ) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      const isLast = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
      this.#data[this.#length++] = isLast ? low : low | 0x80;
      if (isLast) return this;
    }
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#data.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#data.length, this.#length + more));
    larger.set(this.all());
    this.#data = larger;
  }
}
