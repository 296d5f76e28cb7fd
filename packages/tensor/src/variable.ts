import type { DType, TypedArray } from "./dtype.ts";
import { dtypeOf, holds } from "./dtype.ts";
import { TensorError } from "./errors.ts";
import { defaultGenerator, type Generator } from "./random/generator.ts";
import { type Shape, showShape, sizeOf } from "./shape.ts";
import { Tensor } from "./tensor.ts";

/** Computes first values; `generator` is the variable's own stream. */
export type Initializer = (shape: Shape, generator: Generator) => TypedArray;

/**
 * Numbers that outlive a computation: what training changes and files keep. A variable takes part in graphs like any
 * tensor; its present value is fed when they run.
 */
export abstract class Variable extends Tensor {
  #initializer: Initializer;
  #value: TypedArray | undefined;

  constructor(shape: Shape, dtype: DType, initializer: Initializer) {
    super({ shape, dtype, source: { kind: "variable" } });
    this.#initializer = initializer;
  }

  /** Present value. A variable that nobody has initialised yet draws from the default generator. */
  get value(): TypedArray {
    this.#value ??= this.#draw(defaultGenerator());
    return this.#value;
  }

  /** Replaces the value; the array is kept, not copied. */
  set value(value: TypedArray) {
    if (value.length !== sizeOf(this.shape) || !holds(value, this.dtype)) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `a variable of shape ${showShape(this.shape)} and type ${this.dtype} cannot take ${value.length} elements of ${dtypeOf(value)}`,
      );
    }
    this.#value = value;
  }

  /** Whether the variable has a value already, drawn or given. */
  get initialized(): boolean {
    return this.#value !== undefined;
  }

  /** Another way to draw the first value, which is drawn anew when it is next needed. */
  set initializer(initializer: Initializer) {
    this.#initializer = initializer;
    this.#value = undefined;
  }

  /** Draws the first value anew. */
  initialize(generator: Generator): void {
    this.value = this.#draw(generator);
  }

  #draw(generator: Generator): TypedArray {
    return this.#initializer(this.shape, generator);
  }

  override async data(): Promise<TypedArray> {
    return this.value;
  }
}

/** A variable that an optimizer trains. */
export class Parameter extends Variable {
  /** False freezes the parameter: no gradient is computed and no optimizer changes it. */
  requiresGrad = true;

  constructor(shape: Shape, initializer: Initializer) {
    super(shape, "float32", initializer);
  }
}

/** A variable that belongs to a module's state but is not trained, such as running statistics. */
export class Buffer extends Variable {}

/** A parameter with the given value. */
export function parameter(value: Float32Array, shape: Shape): Parameter {
  const result = new Parameter(shape, () => value.slice());
  result.value = value;
  return result;
}

/** A buffer with the given value. */
export function buffer(value: TypedArray, shape: Shape, dtype: DType = dtypeOf(value)): Buffer {
  const result = new Buffer(shape, dtype, () => value.slice());
  result.value = value;
  return result;
}
