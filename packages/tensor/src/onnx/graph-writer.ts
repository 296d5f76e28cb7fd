import { allocate, bytesPerElement, type DType, dtypeOf, type TypedArray } from "../dtype.ts";
import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import { topologicalOrder } from "../graph/order.ts";
import { simplify } from "../graph/simplify.ts";
import type { Attributes, Emitter, OnnxAttribute, Op, ScanGraph, Value } from "../ops/op.ts";
import type { Device } from "../runtime/device.ts";
import { type Shape, showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { GraphProto, NodeProto, Port, TensorProto } from "./model-proto.ts";
import { onnxType } from "./types.ts";

/** Names unique within a model: bodies of loops see the names around them. */
export class NameSource {
  #count = 0;
  next(prefix: string): string {
    return `${prefix}${this.#count++}`;
  }
}

export interface GraphWriterOptions {
  /** A program, unless told otherwise. */
  readonly purpose?: "program" | "file";
  readonly opset: number;
  readonly names: NameSource;
  /** Where the graph will run; the processor, if nothing is said. */
  readonly device?: Device;
  readonly channelBlock?: number;
  /** Names of the values that key random ops. */
  readonly randomKey?: (id: number) => readonly [string, string] | undefined;
}

/** Lists of more numbers are not written into the keys by which equal computations are found. */
const maxWrittenList = 16;

/** Collects the nodes of one ONNX graph, and translates tensors into them. */
export class GraphWriter implements Emitter {
  readonly purpose: "program" | "file";
  readonly opset: number;
  readonly device: Device;
  readonly channelBlock: number;
  readonly names: NameSource;
  #nodes: NodeProto[] = [];
  #computed = new Set<string>();
  readonly #initializers: TensorProto[] = [];
  readonly #constants = new Map<string, string>();
  #shared = new Map<string, readonly string[]>();
  #common = new Map<string, string>();
  #bound = new Map<Tensor, string>();
  readonly #simplified = new Map<Tensor, Tensor>();
  #intermediateBytes = 0;
  #nodeCount = 0;
  readonly #longLists = new WeakMap<readonly unknown[], string>();
  readonly #listNumbers = new Map<string, number>();
  readonly #randomKey: GraphWriterOptions["randomKey"];

  constructor({ purpose = "program", opset, names, device = "cpu", channelBlock = 0, randomKey }: GraphWriterOptions) {
    this.device = device;
    this.channelBlock = channelBlock;
    this.purpose = purpose;
    this.opset = opset;
    this.names = names;
    this.#randomKey = randomKey;
  }

  /** Size of all values that are computed on the way: a bound of the memory that running the graph takes. */
  get intermediateBytes(): number {
    return this.#intermediateBytes;
  }

  /** How many nodes there are, those of graphs inside included. */
  get nodes(): number {
    return this.#nodeCount;
  }

  /** Says under which name a tensor without inputs is found. */
  bind(tensor: Tensor, name: string): void {
    this.#bound.set(tensor, name);
  }

  /** Forgets where tensors are found, so that the same graph can be written once more over other values. */
  forget(): void {
    this.#bound.clear();
  }

  /**
   * Writes what `outputs` need, simplified, and returns their names. Equal subexpressions are written once: two tensors
   * of the same op, attributes and inputs are one value.
   */
  write(outputs: readonly Tensor[]): readonly string[] {
    const simpler = this.simplified(outputs);
    for (const tensor of topologicalOrder(simpler, this.#bound)) this.#bound.set(tensor, this.#translate(tensor));
    return simpler.map((tensor) => this.nameOf(tensor));
  }

  /** What `write` computes instead of each. */
  simplified(outputs: readonly Tensor[]): readonly Tensor[] {
    return simplify(outputs, this.#simplified);
  }

  nameOf(tensor: Tensor): string {
    const name = this.#bound.get(tensor);
    if (name === undefined) throw new TensorError("TENSOR_RUNTIME", `${tensor} has no value in this program`);
    return name;
  }

  #translate(tensor: Tensor): string {
    if (tensor.source.kind === "constant") return this.constant(tensor.source.data, tensor.shape, tensor.dtype);
    if (tensor.op === undefined) {
      const what = tensor.source.kind === "input" ? `the input "${tensor.source.name}"` : "a variable";
      throw new TensorError(
        "TENSOR_RUNTIME",
        `${what} of shape [${tensor.shape}] is used, but the program gives it no value`,
      );
    }
    const inputs: readonly Value[] = tensor.inputs.map((input) => ({
      name: this.nameOf(input),
      shape: input.shape,
      dtype: input.dtype,
    }));
    const names = inputs.map((input) => input.name);
    // A random op written once more, for another step, has another key and is another value.
    if (tensor.randomId !== undefined && this.purpose === "program") names.push(...this.randomKey(tensor.randomId));
    const key = `${tensor.op.name}(${names.join(",")})${this.#attributesKey(tensor.attributes)}`;
    const known = this.#common.get(key);
    if (known !== undefined) return known;
    const name = this.#withoutElements(tensor) ?? this.#emit(tensor.op, inputs, tensor);
    this.#intermediateBytes += sizeOf(tensor.shape) * bytesPerElement[tensor.dtype];
    this.#common.set(key, name);
    return name;
  }

  /** ONNX Runtime computes little with bytes: they are numbers of 32 bits on the way, whose last 8 bits are what is left. */
  #emit(op: Op, inputs: readonly Value[], { attributes, shape, dtype }: Tensor): string {
    const type = (each: DType): DType => (each === "uint8" && op.anyType !== true ? "int32" : each);
    const given = inputs.map((input) => {
      const wide = type(input.dtype);
      return wide === input.dtype ? input : { ...input, dtype: wide, name: this.#converted(input.name, wide) };
    });
    const name = op.emit(this, given, attributes, { shape, dtype: type(dtype) });
    return type(dtype) === dtype ? name : this.#converted(name, dtype);
  }

  #converted(name: string, to: DType): string {
    return this.nodeOnce(`${name} ${to}`, "Cast", [name], { to: onnxType[to] });
  }

  /**
   * The value of what has no elements, which kernels need not be asked for, or comes of such, where these must not reach
   * ONNX Runtime: its kernels for WebGPU divide by sizes, which for 0 ends the process.
   */
  #withoutElements({ op, inputs, shape, dtype, numel }: Tensor): string | undefined {
    if (numel === 0 && this.purpose === "program") return this.constant(allocate(dtype, 0), shape, dtype);
    if (this.device !== "webgpu") return undefined;
    const empty = inputs.find((input) => input.numel === 0);
    if (op === undefined || empty === undefined || op.ofNothing === "as ever") return undefined;
    if (op.ofNothing === "zeros")
      return this.node("Expand", [this.constant(allocate(dtype, 1), [], dtype), this.shape(shape)]);
    throw new TensorError(
      "TENSOR_SHAPE",
      `${op.name}: a tensor of shape ${showShape(empty.shape)} has no elements, which webgpu cannot compute with; use cpu`,
    );
  }

  /** A long list, of which many tensors may hold the same array, is written out once and numbered. */
  #attributesKey(attributes: Attributes): string {
    return JSON.stringify(attributes, (_name, value: unknown) => {
      if (!Array.isArray(value) || value.length <= maxWrittenList) return value;
      const known = this.#longLists.get(value);
      if (known !== undefined) return known;
      const text = value.join(",");
      const number = this.#listNumbers.get(text) ?? this.#listNumbers.size;
      this.#listNumbers.set(text, number);
      const key = `list ${number}`;
      this.#longLists.set(value, key);
      return key;
    });
  }

  node(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    domain = "",
  ): string {
    const output = this.names.next("v");
    this.addNode(opType, inputs, [output], attributes, domain);
    return output;
  }

  nodeOnce(
    key: string,
    opType: string,
    inputs: readonly string[] | (() => readonly string[]),
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    domain = "",
  ): string {
    return elementAt(this.listOnce(key, opType, inputs, attributes, 1, domain), 0);
  }

  nodesOnce<K extends string>(
    key: string,
    opType: string,
    inputs: readonly string[] | (() => readonly string[]),
    attributes: Readonly<Record<string, OnnxAttribute>>,
    outputs: readonly K[],
  ): Readonly<Record<K, string>> {
    return byName(outputs, this.listOnce(key, opType, inputs, attributes, outputs.length));
  }

  listOnce(
    key: string,
    opType: string,
    inputs: readonly string[] | (() => readonly string[]),
    attributes: Readonly<Record<string, OnnxAttribute>>,
    length: number,
    domain = "",
  ): readonly string[] {
    const nodeKey = `${opType} ${key}`;
    const known = this.#shared.get(nodeKey);
    if (known !== undefined) return known;
    const names = Array.from({ length }, () => this.names.next("v"));
    this.addNode(opType, typeof inputs === "function" ? inputs() : inputs, names, attributes, domain);
    this.#shared.set(nodeKey, names);
    return names;
  }

  scan(key: string, inputs: readonly string[], graph: ScanGraph): readonly string[] {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const outputs =
      graph.unrolled && this.purpose === "program" ? this.#unrolled(inputs, graph) : this.#scanNode(inputs, graph);
    this.#shared.set(key, outputs);
    return outputs;
  }

  /** One step after the other. Slices are cut and joined along the first axis that they have themselves, for nothing. */
  #unrolled(
    inputs: readonly string[],
    { states, slices, captured, next, kept, length, reverse }: ScanGraph,
  ): readonly string[] {
    const outer = this.#bound;
    const flat = ([first = 1, ...rest]: Shape) => [length * first, ...rest];
    const parts = slices.map(({ shape }, index) => {
      const [first = 1] = shape;
      const whole = this.node("Reshape", [elementAt(inputs, states.length + index), this.shape(flat(shape))]);
      const sizes = BigInt64Array.from({ length }, () => BigInt(first));
      const cut =
        length === 1
          ? [whole]
          : this.listOnce(whole, "Split", [whole, this.constant(sizes, [length])], { axis: 0 }, length);
      return shape.length > 0 ? cut : cut.map((part) => this.node("Reshape", [part, this.shape([])]));
    });
    let now = inputs.slice(0, states.length);
    const collected = kept.map(() => new Array<string>(length));
    const order = Array.from({ length }, (_, index) => (reverse ? length - 1 - index : index));
    try {
      for (const step of order) {
        this.#bound = new Map();
        for (const [index, state] of states.entries()) this.bind(state, elementAt(now, index));
        for (const [index, slice] of slices.entries()) this.bind(slice, elementAt(elementAt(parts, index), step));
        for (const [index, tensor] of captured.entries())
          this.bind(tensor, elementAt(inputs, states.length + slices.length + index));
        const written = this.write([...next, ...kept]);
        now = written.slice(0, next.length);
        for (const [index, names] of collected.entries()) names[step] = elementAt(written, next.length + index);
      }
    } finally {
      this.#bound = outer;
    }
    const joined = collected.map((names, index) => {
      const { shape } = elementAt(kept, index);
      const rows = shape.length > 0 ? names : names.map((name) => this.node("Reshape", [name, this.shape([1])]));
      const whole = rows.length === 1 ? elementAt(rows, 0) : this.node("Concat", rows, { axis: 0 });
      return this.node("Reshape", [whole, this.shape([length, ...shape])]);
    });
    return [...now, ...joined];
  }

  #scanNode(
    inputs: readonly string[],
    { states, slices, captured, next, kept, reverse }: ScanGraph,
  ): readonly string[] {
    const looped = [...states, ...slices];
    const ports = looped.map(({ dtype, shape }): Port => this.#bodyPort(this.names.next("s"), dtype, shape));
    const body = this.within(() => {
      for (const [index, tensor] of looped.entries()) this.bind(tensor, elementAt(ports, index).name);
      for (const [index, tensor] of captured.entries()) this.bind(tensor, elementAt(inputs, looped.length + index));
      const written = this.write([...next, ...kept]);
      const results = [...next, ...kept].map(({ dtype, shape }, index) =>
        // An output is a value of the body that is no other output already.
        this.#bodyPort(this.node("Identity", [elementAt(written, index)]), dtype, shape),
      );
      return this.graph("step", ports, results, []);
    });
    const outputs = [...next, ...kept].map(() => this.names.next("v"));
    const directions = (count: number) => Array.from({ length: count }, () => Number(reverse));
    this.addNode("Scan", inputs.slice(0, looped.length), outputs, {
      body,
      num_scan_inputs: slices.length,
      scan_input_directions: directions(slices.length),
      ...(kept.length === 0 ? {} : { scan_output_directions: directions(kept.length) }),
    });
    return outputs;
  }

  /** Sizes that may be the batch's are not said in files. */
  #bodyPort(name: string, dtype: DType, shape: Shape): Port {
    return { name, dtype, shape: this.purpose === "file" ? shape.map((_, axis) => `${name}.${axis}`) : shape };
  }

  /** Writes the nodes of a graph inside of this one, which sees what is computed here; what it computes is not seen from here. */
  within(write: () => GraphProto): GraphProto {
    const outer = [this.#nodes, this.#computed, this.#shared, this.#common, this.#bound] as const;
    this.#nodes = [];
    this.#computed = new Set();
    this.#shared = new Map(this.#shared);
    this.#common = new Map(this.#common);
    this.#bound = new Map(this.#bound);
    try {
      return write();
    } finally {
      [this.#nodes, this.#computed, this.#shared, this.#common, this.#bound] = outer;
    }
  }

  /** Whether a node of this graph computes the value; else it is an input, a constant or from outside. */
  computes(name: string): boolean {
    return this.#computed.has(name);
  }

  /** A constant of a given name. */
  initializer(name: string, data: TypedArray, shape: Shape, dtype: DType): void {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
    this.#initializers.push({ name, shape, dtype, bytes });
  }

  /** A node with outputs of given names. */
  addNode(
    opType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute | GraphProto>> = {},
    domain = "",
  ): void {
    for (const output of outputs) this.#computed.add(output);
    this.#nodeCount++;
    this.#nodes.push({ opType, domain, inputs: [...inputs], outputs: [...outputs], attributes });
  }

  constant(data: TypedArray, shape: Shape, dtype: DType = dtypeOf(data)): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    // Only small constants are looked up: comparing large ones would cost more than it saves.
    const key = data.byteLength <= 64 ? `${dtype}[${shape}]${bytes}` : undefined;
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.names.next("c");
    this.initializer(name, data, shape, dtype);
    if (key !== undefined) this.#constants.set(key, name);
    return name;
  }

  shape(shape: Shape): string {
    return this.constant(BigInt64Array.from(shape, BigInt), [shape.length]);
  }

  randomKey(id: number): readonly [string, string] {
    const key = this.#randomKey?.(id);
    if (key === undefined)
      throw new TensorError("TENSOR_RUNTIME", "this program has no random numbers; switch the module to eval()");
    return key;
  }

  /** @param initializers constants; those of graphs inside are with the outermost */
  graph(
    name: string,
    inputs: readonly Port[],
    outputs: readonly Port[],
    initializers = this.#initializers,
  ): GraphProto {
    return { name, nodes: this.#nodes, initializers, inputs, outputs };
  }
}

function byName<K extends string>(outputs: readonly K[], names: readonly string[]): Readonly<Record<K, string>>;
function byName(outputs: readonly string[], names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(outputs.map((output, index) => [output, elementAt(names, index)]));
}
