import type { DType, TypedArray } from "../dtype.ts";
import type { Device } from "../runtime/device.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

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
  /** Version of the default operator set. */
  readonly opset: number;
  /** Where the graph will run: graphics devices lack some of the processor's kernels. */
  readonly device: Device;
  /** Adds one node and returns the name of its output. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    domain?: string,
  ): string;
  /** Adds one node with several outputs, once for each `key`; inputs that are a function are asked for only then. */
  nodeOnce(
    key: string,
    opType: string,
    inputs: readonly string[] | (() => readonly string[]),
    attributes: Readonly<Record<string, OnnxAttribute>>,
    outputs: number,
  ): readonly string[];
  /** A constant; equal constants are written once. */
  constant(data: TypedArray, shape: Shape): string;
  /** A shape as an int64 vector; sizes that depend on the batch are computed where the batch size is left open. */
  shape(shape: Shape): string;
  /** Names of the two int32 scalars that key the random numbers of the op `id` at this step. */
  randomKey(id: number): readonly [string, string];
}

export interface GradientContext<A extends Attributes> {
  readonly inputs: readonly Tensor[];
  readonly attributes: A;
  readonly output: Tensor;
  /** Gradient of the loss with respect to `output`, of its shape. */
  readonly gradient: Tensor;
  /** Whether the gradient of input `index` is wanted: what is not wanted need not be built. */
  needs(index: number): boolean;
}

/**
 * One operation: its shape rule, its gradient in terms of other operations, its ONNX nodes. Methods, not function
 * properties, so that an `Op` of narrower attributes is an `Op`.
 */
export interface Op<A extends Attributes = Attributes> {
  readonly name: string;
  infer(inputs: readonly TensorType[], attributes: A): TensorType;
  /** Gradients of the inputs, in their shapes; `undefined` where there is none. Absent: not differentiable. */
  gradient?(context: GradientContext<A>): readonly (Tensor | undefined)[];
  emit(emitter: Emitter, inputs: readonly Value[], attributes: A, output: TensorType): string;
}

/** Keeps the attribute type of an op literal. */
export function defineOp<A extends Attributes>(op: Op<A>): Op<A> {
  return op;
}

/** The `index`-th input, which the op's own builder has put there. */
export function inputAt<T>(inputs: readonly T[], index: number): T {
  const input = inputs[index];
  if (input === undefined) throw new RangeError(`input ${index} is missing`);
  return input;
}
