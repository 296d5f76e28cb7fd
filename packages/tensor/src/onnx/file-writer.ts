/** Models whose batch size is open. */
import { type DType, dtypeOf, type TypedArray } from "../dtype.ts";
import { elementAt } from "../element-at.ts";
import type { OnnxAttribute } from "../ops/op.ts";
import type { Device } from "../runtime/device.ts";
import type { Shape } from "../shape.ts";
import { GraphWriter, NameSource } from "./graph-writer.ts";
import type { GraphProto } from "./model-proto.ts";

/** factor * batch + offset, where the factor is 1 or more. */
export interface BatchSize {
  readonly factor: number;
  readonly offset: number;
}
export type OpenShape = readonly (number | BatchSize)[];

/** "batch", "4*batch". */
export function showSize(size: number | BatchSize): string {
  if (typeof size === "number") return String(size);
  const { factor, offset } = size;
  return `${factor === 1 ? "" : `${factor}*`}batch${offset === 0 ? "" : offset > 0 ? `+${offset}` : offset}`;
}

/** What was written at one place of a graph: a node, a constant or a shape. */
interface Place {
  readonly what: string;
  readonly shape: Shape;
  readonly data?: TypedArray;
}

export interface FileWriterOptions {
  readonly opset: number;
  readonly device: Device;
  /** The size for which the graph was built. */
  readonly batch: number;
  /** The input whose first size is the batch's. */
  readonly input: string;
  /** The same model, written for other batch sizes. */
  readonly others: readonly FileWriter[];
}

/**
 * Writes a graph whose batch size is open. The graph is built and written for several sizes, place by place: a size is the
 * batch's if it changes with it. Sizes are computed from those of the input then; what else changes cannot be written.
 */
export class FileWriter extends GraphWriter {
  readonly batch: number;
  readonly #input: string;
  readonly #others: readonly FileWriter[];
  readonly #places: Place[] = [];
  #sizes = new Map<string, string>();
  #difference: string | undefined;

  constructor({ opset, device, batch, input, others }: FileWriterOptions) {
    super({ purpose: "file", opset, names: new NameSource(), device });
    this.batch = batch;
    this.#input = input;
    this.#others = others;
  }

  /** The first thing that depends on the batch size and cannot be computed from it. */
  get difference(): string | undefined {
    return this.#difference;
  }

  override addNode(
    opType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute | GraphProto>> = {},
    domain = "",
  ): void {
    // What is inside of a body has been compared already.
    const told = Object.entries(attributes).filter(([name]) => name !== "body");
    this.#pass({ what: `a value of ${opType} ${JSON.stringify(Object.fromEntries(told))}`, shape: [] });
    super.addNode(opType, inputs, outputs, attributes, domain);
  }

  override within(write: () => GraphProto): GraphProto {
    const outer = this.#sizes;
    this.#sizes = new Map(outer);
    try {
      return super.within(write);
    } finally {
      this.#sizes = outer;
    }
  }

  override constant(data: TypedArray, shape: Shape, dtype: DType = dtypeOf(data)): string {
    this.#pass({ what: `a constant of ${dtype}`, shape, data });
    return super.constant(data, shape, dtype);
  }

  override shape(shape: Shape): string {
    const open = this.#pass({ what: "a tensor", shape });
    if (open.every((size) => typeof size === "number")) return super.constant(int64(open), [open.length]);
    const parts = open.map((size) => this.#size(size));
    return parts.length === 1 ? elementAt(parts, 0) : this.#computed("Concat", parts, { axis: 0 });
  }

  /** How sizes depend on the batch, given those of the other writers' graphs; undefined: in no way that is known. */
  openShape(shape: Shape, others: readonly Shape[]): OpenShape | undefined {
    if (others.some((other) => other.length !== shape.length)) return undefined;
    const open = shape.map((size, axis) =>
      this.#openSize(
        size,
        others.map((other) => elementAt(other, axis)),
      ),
    );
    return open.every((size) => size !== undefined) ? open : undefined;
  }

  #openSize(size: number, others: readonly number[]): number | BatchSize | undefined {
    const [[other], [writer]] = [others, this.#others];
    if (other === undefined || writer === undefined || others.every((each) => each === size)) return size;
    const factor = (size - other) / (this.batch - writer.batch);
    const offset = size - factor * this.batch;
    const fits = this.#others.every(({ batch }, index) => others[index] === factor * batch + offset);
    return Number.isInteger(factor) && factor >= 1 && fits ? { factor, offset } : undefined;
  }

  /** Compares with what the others wrote here. */
  #pass(place: Place): OpenShape {
    const index = this.#places.push(place) - 1;
    if (this.#difference !== undefined) return place.shape;
    const places = this.#others.map((other) => other.#places[index]);
    const open = this.openShape(
      place.shape,
      places.map((other) => other?.shape ?? []),
    );
    const same = open !== undefined && places.every((other) => other?.what === place.what && sameData(other, place));
    const isShape = place.data === undefined;
    if (same && (isShape || open.every((size) => typeof size === "number"))) return open;
    this.#difference = `${place.what} of shape [${(open ?? place.shape).map(showSize)}]`;
    return place.shape;
  }

  /** One size as a vector of one element. */
  #size(size: number | BatchSize): string {
    if (typeof size === "number") return super.constant(int64([size]), [1]);
    const known = this.#sizes.get(showSize(size));
    if (known !== undefined) return known;
    const number = (value: number) => super.constant(int64([value]), [1]);
    const whole = this.#computed("Shape", [this.#input]);
    const batch = this.#computed("Slice", [whole, number(0), number(1)]);
    const multiple = size.factor === 1 ? batch : this.#computed("Mul", [batch, number(size.factor)]);
    const name = size.offset === 0 ? multiple : this.#computed("Add", [multiple, number(size.offset)]);
    this.#sizes.set(showSize(size), name);
    return name;
  }

  #computed(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string {
    const output = this.names.next("v");
    super.addNode(opType, inputs, [output], attributes);
    return output;
  }
}

function int64(values: readonly number[]): BigInt64Array {
  return BigInt64Array.from(values, BigInt);
}

function sameData({ data: a }: Place, { data: b }: Place): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.byteLength !== b.byteLength) return false;
  const others = bytesOf(b);
  return bytesOf(a).every((byte, index) => byte === others[index]);
}

function bytesOf({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
