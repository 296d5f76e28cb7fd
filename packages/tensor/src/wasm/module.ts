/** Modules of WebAssembly, as far as programs need them: functions, one memory that is exported, and what it holds first. */
import { instruction, signed, unsigned } from "./instructions.ts";

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

const typeNumbers: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };
/** The type of a block that neither takes nor leaves anything. */
export const nothing = 0x40;

export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** The body of a function under construction. Its first locals are its parameters. */
export class FunctionBody {
  readonly type: FunctionType;
  readonly #locals: ValueType[] = [];
  readonly #free = new Map<ValueType, number[]>();
  readonly #scratch = new Map<string, number>();
  #bytes: number[] = [];

  constructor(type: FunctionType) {
    this.type = type;
  }

  /** A local of its own, until it is given back. */
  local(type: ValueType): number {
    const free = this.#free.get(type)?.pop();
    if (free !== undefined) return free;
    this.#locals.push(type);
    return this.type.parameters.length + this.#locals.length - 1;
  }

  /**
   * One of a few locals for the operands of one operator. It holds nothing else ever: code that is put in front of a loop later
   * may not write where the loop does.
   */
  scratch(type: ValueType, number: number): number {
    const key = `${type} ${number}`;
    const known = this.#scratch.get(key);
    if (known !== undefined) return known;
    this.#locals.push(type);
    const local = this.type.parameters.length + this.#locals.length - 1;
    this.#scratch.set(key, local);
    return local;
  }

  giveBack(local: number): void {
    const type = this.#locals[local - this.type.parameters.length];
    if (type === undefined) return;
    const free = this.#free.get(type);
    if (free === undefined) this.#free.set(type, [local]);
    else free.push(local);
  }

  /** Adds an instruction with immediates that are plain bytes or unsigned numbers. */
  add(name: string, ...immediates: readonly number[]): this {
    for (const byte of instruction(name)) this.#bytes.push(byte);
    for (const immediate of immediates) for (const byte of unsigned(immediate)) this.#bytes.push(byte);
    return this;
  }

  whole(type: "i32" | "i64", value: number | bigint): this {
    const wrapped = type === "i32" ? BigInt.asIntN(32, BigInt(value)) : BigInt.asIntN(64, BigInt(value));
    this.add(`${type}.const`);
    this.#bytes.push(...signed(wrapped));
    return this;
  }

  float(type: "f32" | "f64", value: number): this {
    this.add(`${type}.const`);
    const array = type === "f32" ? Float32Array.of(value) : Float64Array.of(value);
    this.#bytes.push(...new Uint8Array(array.buffer));
    return this;
  }

  /** An instruction whose immediates are bytes as they are: constants and shuffles of vectors. */
  withBytes(name: string, bytes: Iterable<number>): this {
    this.add(name);
    this.#bytes.push(...bytes);
    return this;
  }

  /** An access to memory at a place that is known in part; alignment is only a hint. */
  access(name: string, offset: number): this {
    return this.add(name, 0, offset);
  }

  /** What `write` adds, to be put into its place later. */
  aside(write: () => void): readonly number[] {
    const outer = this.#bytes;
    this.#bytes = [];
    try {
      write();
      return this.#bytes;
    } finally {
      this.#bytes = outer;
    }
  }

  insert(bytes: readonly number[]): void {
    for (const byte of bytes) this.#bytes.push(byte);
  }

  encode(): readonly number[] {
    const locals = this.#locals.map((type) => [1, typeNumbers[type]]);
    const body = [...list(locals), ...this.#bytes, ...instruction("end")];
    return [...unsigned(body.length), ...body];
  }
}

/** Bytes that memory holds at the beginning. */
export interface Segment {
  readonly at: number;
  readonly bytes: Uint8Array;
}

export const pageBytes = 65_536;

export class ModuleBuilder {
  readonly #functions: (FunctionBody | undefined)[] = [];

  /** The number of a function whose body comes later. */
  declare(): number {
    this.#functions.push(undefined);
    return this.#functions.length - 1;
  }

  define(index: number, body: FunctionBody): void {
    this.#functions[index] = body;
  }

  /** @param exported names of functions that are seen outside */
  encode(
    exported: Readonly<Record<string, number>>,
    pages: number,
    segments: readonly Segment[],
  ): Uint8Array<ArrayBuffer> {
    const bodies = this.#functions.map((body, index) => {
      if (body === undefined) throw new RangeError(`function ${index} has no body`);
      return body;
    });
    const types = bodies.map(({ type: { parameters, results } }) => [
      0x60,
      ...list(parameters.map((type) => [typeNumbers[type]])),
      ...list(results.map((type) => [typeNumbers[type]])),
    ]);
    const exports = Object.entries(exported).map(([name, index]) => [...text(name), 0, ...unsigned(index)]);
    const parts: (readonly number[] | Uint8Array)[] = [
      [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      section(1, list(types)),
      section(3, list(bodies.map((_, index) => unsigned(index)))),
      section(5, list([[0x00, ...unsigned(pages)]])),
      section(7, list([[...text("memory"), 2, 0], ...exports])),
      section(10, list(bodies.map((body) => body.encode()))),
    ];
    // Segments may be long: they are not spread.
    const heads = segments.map(({ at, bytes }) => [
      0x00,
      ...instruction("i32.const"),
      ...signed(BigInt.asIntN(32, BigInt(at))),
      ...instruction("end"),
      ...unsigned(bytes.length),
    ]);
    if (segments.length > 0) {
      const count = unsigned(segments.length);
      const length = segments.reduce(
        (sum, { bytes }, index) => sum + bytes.length + (heads[index]?.length ?? 0),
        count.length,
      );
      parts.push([11, ...unsigned(length), ...count]);
      for (const [index, { bytes }] of segments.entries()) parts.push(heads[index] ?? [], bytes);
    }
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let position = 0;
    for (const part of parts) {
      whole.set(part, position);
      position += part.length;
    }
    return whole;
  }
}

function list(items: readonly (readonly number[])[]): readonly number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function text(value: string): readonly number[] {
  const bytes = new TextEncoder().encode(value);
  return [...unsigned(bytes.length), ...bytes];
}

function section(number: number, content: readonly number[]): readonly number[] {
  return [number, ...unsigned(content.length), ...content];
}
