import { sha256 } from "@ml-mosaic/base";

/** The names that occur in keys are of few kinds: each is a number. */
const textNumbers = new Map<string, number>();

/** A key within a key needs another one. */
const idle: KeyWriter[] = [];

/** The text of all that `write` has written. A text of numbers, or JSON of lists, took four times the time. */
export function keyOf(write: (writer: KeyWriter) => void): string {
  const writer = idle.pop() ?? new KeyWriter();
  write(writer);
  const key = writer.end();
  idle.push(writer);
  return key;
}

/** Writes numbers and texts one after the other, and makes a text of them that is the same for no others. */
export class KeyWriter {
  #words = new Int32Array(1024);
  #length = 0;

  /** The text; what is written from now on belongs to another one. */
  end(): string {
    const bytes = new Uint8Array(this.#words.buffer, 0, this.#length * Int32Array.BYTES_PER_ELEMENT);
    this.#length = 0;
    return oneByOne.decode(bytes.length <= mostBytesKept ? bytes : sha256([bytes]));
  }

  /** An integer of 32 bits. */
  whole(value: number): this {
    if (this.#length === this.#words.length) {
      const larger = new Int32Array(2 * this.#words.length);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[this.#length++] = value;
    return this;
  }

  /** Any number; negative zero is another one than zero. */
  number(value: number): this {
    double[0] = value;
    return this.whole(halves[0] ?? 0).whole(halves[1] ?? 0);
  }

  numbers(values: readonly number[]): this {
    this.whole(values.length);
    for (const value of values) this.number(value);
    return this;
  }

  text(text: string): this {
    const known = textNumbers.get(text) ?? textNumbers.size;
    textNumbers.set(text, known);
    return this.whole(known);
  }

  /** How many they are is to be known from what was written before. */
  bytes(bytes: Uint8Array): this {
    for (let at = 0; at < bytes.length; at += 4) {
      const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
      this.whole(low | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24));
    }
    return this;
  }
}

const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);
/** A longer key is known by its digest. */
const mostBytesKept = 16_384;
/** Each byte is a character of its own. */
const oneByOne = new TextDecoder("latin1");
