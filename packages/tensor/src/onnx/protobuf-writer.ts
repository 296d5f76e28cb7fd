/** Writes the wire format of Protocol Buffers: fields of a message as their number, how they are written, and their value. */

const varint = 0;
const lengthDelimited = 2;
const fourBytes = 5;

const encoder = new TextEncoder();

export class ProtobufWriter {
  /** Written pieces, each a message's beginning, text or numbers; long ones are those given. */
  readonly #pieces: Uint8Array[] = [];
  #byteLength = 0;
  #small: number[] = [];

  get byteLength(): number {
    return this.#byteLength + this.#small.length;
  }

  int(field: number, value: number | bigint): void {
    this.#number(8 * field + varint);
    this.#number(value);
  }

  /** A list, as one field. */
  ints(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    const inner = new ProtobufWriter();
    for (const value of values) inner.#number(value);
    this.bytes(field, inner.toBytes());
  }

  float(field: number, value: number): void {
    this.#number(8 * field + fourBytes);
    this.#small.push(...new Uint8Array(Float32Array.of(value).buffer));
  }

  bytes(field: number, value: Uint8Array): void {
    this.#number(8 * field + lengthDelimited);
    this.#number(value.length);
    this.#add(value);
  }

  text(field: number, value: string): void {
    this.bytes(field, encoder.encode(value));
  }

  message(field: number, write: (writer: ProtobufWriter) => void): void {
    const inner = new ProtobufWriter();
    write(inner);
    inner.#settle();
    this.#number(8 * field + lengthDelimited);
    this.#number(inner.byteLength);
    for (const piece of inner.#pieces) this.#add(piece);
  }

  toBytes(): Uint8Array {
    this.#settle();
    const all = new Uint8Array(this.byteLength);
    let position = 0;
    for (const piece of this.#pieces) {
      all.set(piece, position);
      position += piece.length;
    }
    return all;
  }

  /** Seven bits a byte, the lowest first; negative numbers as 64 bits. */
  #number(value: number | bigint): void {
    if (typeof value === "number" && value >= 0 && value < 2 ** 31) {
      let rest = value;
      for (; rest > 127; rest >>>= 7) this.#small.push((rest & 127) | 128);
      this.#small.push(rest);
    } else {
      let rest = BigInt.asUintN(64, BigInt(value));
      for (; rest > 127n; rest >>= 7n) this.#small.push(Number(rest & 127n) | 128);
      this.#small.push(Number(rest));
    }
  }

  #add(piece: Uint8Array): void {
    if (piece.length <= 64) {
      for (const byte of piece) this.#small.push(byte);
      return;
    }
    this.#settle();
    this.#pieces.push(piece);
    this.#byteLength += piece.length;
  }

  #settle(): void {
    if (this.#small.length === 0) return;
    this.#pieces.push(Uint8Array.from(this.#small));
    this.#byteLength += this.#small.length;
    this.#small = [];
  }
}
