/** Reads a JSON file piece by piece, so that its size costs no memory: `JSON.parse` gets each piece, never the whole. */
import { type FileHandle, open } from "node:fs/promises";

const chunkBytes = 1 << 20;
/** A single piece that is longer is a mistake, and near what a text can hold. */
const mostPieceBytes = 1 << 26;

const [quote, backslash, comma, colon] = Buffer.from('"\\,:');
const [openList, closeList, openObject, closeObject] = Buffer.from("[]{}");
const endsBareValue = new Set(Buffer.from(',]}: \t\n\r"[{'));
const whitespace = new Set(Buffer.from(" \t\n\r"));

/** @param read takes the whole content, from `source`; what stands behind it is an error */
export async function readJsonFile<T>(path: string, read: (source: JsonSource) => Promise<T>): Promise<T> {
  const file = await open(path);
  try {
    const source = new JsonSource(file);
    const content = await read(source);
    await source.end();
    return content;
  } finally {
    await file.close();
  }
}

/** A position in a file of JSON. Every method throws a `SyntaxError` where something else comes than it takes. */
export class JsonSource {
  readonly #file: FileHandle;
  /** What was read and not yet taken: `#bytes` from `#start` on. */
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  /** Where `#bytes` begins in the file. */
  #offset = 0;
  #isWhole = false;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Whether a list or an object comes next, whose parts can be taken one by one. */
  async comes(): Promise<"list" | "object" | "other"> {
    const byte = await this.#peek();
    return byte === openList ? "list" : byte === openObject ? "object" : "other";
  }

  /** The next value, whole. */
  async value(): Promise<unknown> {
    await this.#peek();
    const place = this.#offset + this.#start;
    let end = this.#endOfValue();
    while (end === undefined && !this.#isWhole) {
      if (this.#bytes.length - this.#start > mostPieceBytes)
        throw new SyntaxError(`the value at byte ${place} is longer than ${mostPieceBytes} bytes`);
      await this.#readMore();
      end = this.#endOfValue();
    }
    const text = this.#bytes.toString("utf8", this.#start, end);
    this.#start = end ?? this.#bytes.length;
    try {
      return JSON.parse(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new SyntaxError(`${error.message}, in the value at byte ${place}`, { cause: error });
    }
  }

  /** The values of the list that comes next. */
  async *items(): AsyncGenerator<unknown, void, void> {
    for await (const _ of this.#parts(openList, closeList)) yield await this.value();
  }

  /** The names of the object that comes next; the caller takes the value of each before it goes on. */
  async *names(): AsyncGenerator<string, void, void> {
    for await (const _ of this.#parts(openObject, closeObject)) {
      const name = await this.value();
      if (typeof name !== "string") throw new SyntaxError(`a name in quotes is missing ${await this.#here()}`);
      await this.#take(colon, '":"');
      yield name;
    }
  }

  async end(): Promise<void> {
    if ((await this.#peek()) !== undefined)
      throw new SyntaxError(`there is more behind the end: ${await this.#here()}`);
  }

  /** A step for each part, at its beginning. */
  async *#parts(first: number | undefined, last: number | undefined): AsyncGenerator<void, void, void> {
    await this.#take(first, first === openList ? '"["' : '"{"');
    const close = last === closeList ? '"]"' : '"}"';
    if ((await this.#peek()) !== last) {
      yield;
      while ((await this.#peek()) === comma) {
        this.#start++;
        yield;
      }
    }
    await this.#take(last, `"," or ${close}`);
  }

  async #take(byte: number | undefined, named: string): Promise<void> {
    if ((await this.#peek()) !== byte) throw new SyntaxError(`expected ${named} ${await this.#here()}`);
    this.#start++;
  }

  async #here(): Promise<string> {
    const byte = await this.#peek();
    const found = byte === undefined ? "the end of the file" : JSON.stringify(String.fromCharCode(byte));
    return `at byte ${this.#offset + this.#start}, where ${found} is`;
  }

  /** The next byte that is no white space; undefined at the end. */
  async #peek(): Promise<number | undefined> {
    for (;;) {
      while (this.#start < this.#bytes.length) {
        const byte = this.#bytes[this.#start];
        if (byte === undefined || !whitespace.has(byte)) return byte;
        this.#start++;
      }
      if (this.#isWhole) return undefined;
      await this.#readMore();
    }
  }

  async #readMore(): Promise<void> {
    const waiting = this.#bytes.subarray(this.#start);
    // Twice as much each time, so that a long value is not looked through too often.
    const bytes = Buffer.allocUnsafe(waiting.length + Math.max(chunkBytes, waiting.length));
    waiting.copy(bytes);
    const { bytesRead } = await this.#file.read(bytes, waiting.length, bytes.length - waiting.length);
    this.#isWhole = bytesRead === 0;
    this.#bytes = bytes.subarray(0, waiting.length + bytesRead);
    this.#offset += this.#start;
    this.#start = 0;
  }

  /** Behind the value that begins at `#start`; undefined where what was read does not tell. */
  #endOfValue(): number | undefined {
    const bytes = this.#bytes;
    let depth = 0;
    for (let at = this.#start; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === quote) {
        const end = endOfText(bytes, at);
        if (end === undefined) return undefined;
        at = end;
      } else if (byte === openList || byte === openObject) depth++;
      else if (byte === closeList || byte === closeObject) depth--;
      else if (depth === 0) {
        while (at < bytes.length && !endsBareValue.has(bytes[at] ?? 0)) at++;
        // One byte at least, so that what is no value is told as such.
        return at < bytes.length ? Math.max(at, this.#start + 1) : undefined;
      }
      if (depth <= 0) return at + 1;
    }
    return undefined;
  }
}

/** Where the quote is that ends the text which begins at `start`. */
function endOfText(bytes: Buffer, start: number): number | undefined {
  for (let at = start + 1; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) return at;
    if (byte === backslash) at++;
  }
  return undefined;
}
