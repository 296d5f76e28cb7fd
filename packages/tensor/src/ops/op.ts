import type { DType, TypedArray } from "../dtype.ts";
import type { Device } from "../runtime/device.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { LoopContext, Nest, Operand } from "../wasm/loops.ts";

export type AttributeValue = number | boolean | string | readonly number[];
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** What is known of a tensor before anything is computed. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A value inside the ONNX graph under construction. */
export interface Value extends TensorType {
  readonly name: string;
}

export type OnnxAttribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly strings: readonly string[] };

/** Where an op writes its ONNX nodes. */
export interface Emitter {
  /**
   * A program is run here and now, by this version of ONNX Runtime. A file is to be read by others, its weights are
   * constants that ONNX Runtime lays out for kernels of its own, and its batch size is open.
   */
  readonly purpose: "program" | "file";
  /** Version of the default operator set. */
  readonly opset: number;
  /** Where the graph will run: graphics devices lack some of the processor's kernels. */
  readonly device: Device;
  /** How many channels lie together in the blocks of ONNX Runtime's kernels for them; 0 where there are none. */
  readonly channelBlock: number;
  /** Adds one node and returns the name of its output. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    domain?: string,
  ): string;
  /** Adds one node, once for each `key`; inputs that are a function are asked for only then. */
  nodeOnce(
    key: string,
    opType: string,
    inputs: readonly string[] | (() => readonly string[]),
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    domain?: string,
  ): string;
  /** The same for a node of several outputs, which the caller gives names to tell them apart, in ONNX's order. */
  nodesOnce<K extends string>(
    key: string,
    opType: string,
    inputs: readonly string[] | (() => readonly string[]),
    attributes: Readonly<Record<string, OnnxAttribute>>,
    outputs: readonly K[],
  ): Readonly<Record<K, string>>;
  /** The same for a node whose outputs are a list, such as Split. */
  listOnce(
    key: string,
    opType: string,
    inputs: readonly string[] | (() => readonly string[]),
    attributes: Readonly<Record<string, OnnxAttribute>>,
    length: number,
  ): readonly string[];
  /** A Scan node over inputs in the order of states, slices and what is captured: the states at its end, and what was kept. */
  scan(key: string, inputs: readonly string[], body: ScanGraph): readonly string[];
  /** A constant, of the array's own type unless told otherwise; equal constants are written once. */
  constant(data: TypedArray, shape: Shape, dtype?: DType): string;
  /** A shape as an int64 vector; sizes that depend on the batch are computed where the batch size is left open. */
  shape(shape: Shape): string;
  /** Names of the two int32 scalars that key the random numbers of the op `id` at this step. */
  randomKey(id: number): readonly [string, string];
}

/** Stands for an input in the list of an op's inputs: `[x: Input, weight: Input, bias?: Input]`. */
export type Input = "input";
export type Inputs = readonly (Input | undefined)[];

/** Of each input one T. */
export type Each<I extends Inputs, T> = { readonly [K in keyof I]: T };

/** The inputs behind the first. */
export type Others<I extends Inputs> = I extends readonly [Input, ...infer O extends Inputs] ? O : Inputs;

/** Of an op that needs to be told nothing. */
export type None = Readonly<Record<string, never>>;

export interface GradientContext<A extends Attributes, I extends Inputs> {
  readonly inputs: Each<I, Tensor>;
  readonly attributes: A;
  readonly output: Tensor;
  /** Gradient of the loss with respect to `output`, of its shape. */
  readonly gradient: Tensor;
  /** Whether the gradient of input `index` is wanted: what is not wanted need not be built. */
  needs(index: number): boolean;
}

export interface JointGradientContext {
  readonly inputs: readonly Tensor[];
  /** Gradients of the loss with respect to the results, in the order of `results`; undefined where there is none. */
  readonly gradients: readonly (Tensor | undefined)[];
  needs(index: number): boolean;
}

/** A loop and its body, as `Emitter.scan` takes it. */
export interface ScanGraph {
  /** How many slices there are to go over. */
  readonly length: number;
  /** Stand for what is carried, for the steps' slices, and for what is the same in all steps. */
  readonly states: readonly Tensor[];
  readonly slices: readonly Tensor[];
  readonly captured: readonly Tensor[];
  /** What is carried on, one for each state. */
  readonly next: readonly Tensor[];
  /** What is kept of every step. */
  readonly kept: readonly Tensor[];
  /** Whether the last slice comes first. */
  readonly reverse: boolean;
  /** Whether ONNX Runtime gets the steps one after the other, which it computes faster than a Scan of few small steps. */
  readonly unrolled: boolean;
}

/**
 * One operation: its shape rule, its gradient in terms of other operations, its ONNX nodes, and what else is asked of it.
 * Methods, not function properties, so that an `Op` of narrower attributes and inputs is an `Op`.
 */
export interface Op<A extends Attributes = Attributes, I extends Inputs = Inputs> {
  readonly name: string;
  /** Moves or converts elements of all types alike. What else there is, is done with uint8 as int32: see `GraphWriter`. */
  readonly anyType?: true;
  /**
   * It moves, compares or chooses: of numbers that are neither NaN nor -0 it gives the same bits whatever computes it, and its
   * loops are there for all types that it takes, or for float32.
   */
  readonly isExact?: true;
  /**
   * Of an op that moves elements of its only input: where in it those of the result lie, one after the other as they are, by the
   * position of the first; undefined where they lie apart.
   */
  offset?(input: TensorType, attributes: A, output: TensorType): number | undefined;
  /** The inputs broadcast against each other and nothing else is done with their shapes. */
  readonly broadcasts?: true;
  /**
   * What comes of inputs without elements where these must not reach a kernel: zeros, or what `emit` writes as ever. Absent:
   * an error there.
   */
  readonly ofNothing?: "zeros" | "as ever";
  infer(inputs: Each<I, TensorType>, attributes: A): TensorType;
  /** Gradients of the inputs, in their shapes; `undefined` where there is none. Absent: not differentiable. */
  gradient?(context: GradientContext<A, I>): Each<I, Tensor | undefined>;
  /**
   * Of a computation of several results, the ops that give one each, this among them: the same list for all. Their gradients
   * are asked for together, by the first of them that the loss depends on.
   */
  readonly results?: readonly Op[];
  /** As `gradient`, of an op with `results`. */
  jointGradient?(context: JointGradientContext): readonly (Tensor | undefined)[];
  /** Multiplications and additions, where these are many. */
  cost?(inputs: Each<I, TensorType>, attributes: A, output: TensorType): number;
  /** Tells random ops apart: the same op of another id, or in another step, is another value. Absent: not random. */
  randomId?(attributes: A): number;
  emit(emitter: Emitter, inputs: Each<I, Value>, attributes: A, output: TensorType): string;
  /** Of a result of a loop, the loop, and which of its results it is: the states at the end, then what is kept. */
  scan?(): { readonly graph: ScanGraph; readonly index: number };
  /** The same in terms of other ops, for programs that no kernels of ONNX Runtime's compute. */
  composed?(inputs: Each<I, Tensor>, attributes: A): Tensor;
  /** What it computes as loops: see `wasm/loops.ts`. Absent, or nothing: programs with the op are ONNX Runtime's. */
  loops?(inputs: Each<I, Operand>, attributes: A, output: TensorType, context: LoopContext): Nest | undefined;
}

/** Keeps the types of an op literal. */
export function defineOp<A extends Attributes, I extends Inputs>(op: Op<A, I>): Op<A, I> {
  return op;
}

/** The names of those inputs that are given. */
export function namesOf(inputs: readonly (Value | undefined)[]): string[] {
  return inputs.flatMap((input) => (input === undefined ? [] : [input.name]));
}
