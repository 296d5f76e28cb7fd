import { TensorError } from "../errors.ts";
import { sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Buffer } from "../variable.ts";

/** New values that a forward pass gives to buffers, such as running statistics. */
export type BufferUpdates = ReadonlyMap<Buffer, Tensor>;

let open: Map<Buffer, Tensor> | undefined;
let randomOps = 0;

/**
 * Runs a function that builds a graph, and collects the updates of buffers that modules ask for meanwhile. Random ops
 * are numbered from 0 in the order of their building, so that equal programs come out equal.
 */
export function trace<T>(build: () => T): { readonly result: T; readonly updates: BufferUpdates } {
  const outer = open;
  const outerRandomOps = randomOps;
  const updates = new Map<Buffer, Tensor>();
  open = updates;
  randomOps = 0;
  try {
    return { result: build(), updates };
  } finally {
    open = outer;
    randomOps = outerRandomOps;
  }
}

/** Whether a step is being built, that is run later and more than once. */
export function isTracing(): boolean {
  return open !== undefined;
}

/** Asks that `buffer` hold `value` after the present step. Outside a trace there are no steps, and nothing happens. */
export function updateBuffer(buffer: Buffer, value: Tensor): void {
  if (!sameShape(buffer.shape, value.shape) || buffer.dtype !== value.dtype) {
    throw new TensorError(
      buffer.dtype === value.dtype ? "TENSOR_SHAPE" : "TENSOR_DTYPE",
      `a buffer of ${buffer.dtype} ${showShape(buffer.shape)} cannot become ${value.dtype} ${showShape(value.shape)}`,
    );
  }
  open?.set(buffer, value);
}

/** What a module sees as a buffer's present value: the last update of this step, if there was one. */
export function bufferValue(buffer: Buffer): Tensor {
  return open?.get(buffer) ?? buffer;
}

/** Number of a new random op. */
export function nextRandomId(): number {
  return randomOps++;
}
