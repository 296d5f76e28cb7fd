import type { TypedArray } from "../../dtype.ts";

/** Blocks that were read, up to so many bytes: the least recently used are forgotten first. */
export class BlockCache {
  readonly #maxBytes: number;
  readonly #blocks = new Map<string, TypedArray>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  async get(key: string, read: () => Promise<TypedArray>): Promise<TypedArray> {
    const known = this.#blocks.get(key);
    if (known !== undefined) {
      // A map goes through its keys in the order of insertion.
      this.#blocks.delete(key);
      this.#blocks.set(key, known);
      return known;
    }
    const block = await read();
    this.#bytes += block.byteLength - (this.#blocks.get(key)?.byteLength ?? 0);
    this.#blocks.set(key, block);
    for (const [oldest, { byteLength }] of this.#blocks) {
      if (this.#bytes <= this.#maxBytes || oldest === key) break;
      this.#blocks.delete(oldest);
      this.#bytes -= byteLength;
    }
    return block;
  }
}
