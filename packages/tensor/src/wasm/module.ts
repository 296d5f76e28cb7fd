/** Modules of WebAssembly, as far as programs need them: functions, one memory that is exported, and what it holds first. */
import { Bytes } from "./bytes.ts";
import { instruction } from "./instructions.ts";

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
  #bytes = new Bytes();

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
    this.#bytes.append(instruction(name));
    for (const immediate of immediates) this.#bytes.unsigned(immediate);
    return this;
  }

  whole(type: "i32" | "i64", value: number | bigint): this {
    this.add(`${type}.const`);
    if (type === "i32") this.#bytes.signed(Number(value) | 0);
    else this.#bytes.signed(BigInt.asIntN(64, BigInt(value)));
    return this;
  }

  float(type: "f32" | "f64", value: number): this {
    this.add(`${type}.const`);
    const array = type === "f32" ? Float32Array.of(value) : Float64Array.of(value);
    this.#bytes.append(new Uint8Array(array.buffer));
    return this;
  }

  /** An instruction whose immediates are bytes as they are: constants and shuffles of vectors. */
  withBytes(name: string, bytes: ArrayLike<number>): this {
    this.add(name);
    this.#bytes.append(bytes);
    return this;
  }

  /** An access to memory at a place that is known in part; alignment is only a hint. */
  access(name: string, offset: number): this {
    return this.add(name, 0, offset);
  }

  /** What `write` adds, to be put into its place later. */
  aside(write: () => void): Uint8Array {
    const outer = this.#bytes;
    this.#bytes = new Bytes();
    try {
      write();
      return this.#bytes.all();
    } finally {
      this.#bytes = outer;
    }
  }

  insert(bytes: Uint8Array): void {
    this.#bytes.append(bytes);
  }

  encode(): Uint8Array {
    const locals = list(this.#locals, (bytes, type) => bytes.append([1, typeNumbers[type]]));
    const end = instruction("end");
    return new Bytes()
      .unsigned(locals.length + this.#bytes.length + end.length)
      .append(locals)
      .append(this.#bytes.all())
      .append(end)
      .all();
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
    const types = (bytes: Bytes, names: readonly ValueType[]) =>
      bytes.append(list(names, (inner, type) => inner.append([typeNumbers[type]])));
    const module = new Bytes().append([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
    section(module, 1, bodies, (bytes, { type: { parameters, results } }) =>
      types(types(bytes.append([0x60]), parameters), results),
    );
    section(module, 3, [...bodies.keys()], (bytes, index) => bytes.unsigned(index));
    section(module, 5, [pages], (bytes, count) => bytes.append([0x00]).unsigned(count));
    section(
      module,
      7,
      [["memory", 2, 0] as const, ...Object.entries(exported).map(([name, index]) => [name, 0, index] as const)],
      (bytes, [name, kind, index]) => {
        const text = new TextEncoder().encode(name);
        return bytes.unsigned(text.length).append(text).append([kind]).unsigned(index);
      },
    );
    section(module, 10, bodies, (bytes, body) => bytes.append(body.encode()));
    if (segments.length > 0)
      section(module, 11, segments, (bytes, { at, bytes: content }) =>
        bytes
          .append([0x00])
          .append(instruction("i32.const"))
          .signed(at | 0)
          .append(instruction("end"))
          .unsigned(content.length)
          .append(content),
      );
    return module.all();
  }
}

/** Items behind their number. */
function list<T>(items: readonly T[], write: (bytes: Bytes, item: T) => unknown): Uint8Array<ArrayBuffer> {
  const bytes = new Bytes().unsigned(items.length);
  for (const item of items) write(bytes, item);
  return bytes.all();
}

function section<T>(
  module: Bytes,
  number: number,
  items: readonly T[],
  write: (bytes: Bytes, item: T) => unknown,
): void {
  const content = list(items, write);
  module.append([number]).unsigned(content.length).append(content);
}
