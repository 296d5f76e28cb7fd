import { TensorError } from "../errors.ts";
import { sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Buffer } from "../variable.ts";

/** New values that a forward pass gives to buffers, such as running statistics. */
export type BufferUpdates = ReadonlyMap<Buffer, Tensor>;

let open: Map<Buffer, Tensor> | undefined;
let randomOps = 0;
let inLoop = false;

/**
 * Runs a function that builds a graph, and collects the updates of buffers that modules ask for meanwhile. Random ops
 * are numbered in the order of their building, so that equal programs come out equal.
 *
 * @param firstRandomId what their numbers begin with, where the graph stands behind others
 */
export function trace<T>(
  build: () => T,
  firstRandomId = 0,
): { readonly result: T; readonly updates: BufferUpdates; readonly nextRandomId: number } {
  const outer = open;
  const outerRandomOps = randomOps;
  const updates = new Map<Buffer, Tensor>();
  open = updates;
  randomOps = firstRandomId;
  try {
    const result = build();
    return { result, updates, nextRandomId: randomOps };
  } finally {
    open = outer;
    randomOps = outerRandomOps;
  }
}

/** Whether a step is being built, that is run later and more than once. */
export function isTracing(): boolean {
  return open !== undefined || inLoop;
}

/** Runs a function that builds the body of a loop within a step, where nothing may be drawn and no buffer updated. */
export function traceLoop<T>(build: () => T): T {
  const outer = inLoop;
  inLoop = true;
  try {
    return build();
  } finally {
    inLoop = outer;
  }
}

/**
 * Asks that `buffer` hold `value` after the present step: what a forward pass carries from step to step, such as running
 * statistics. Outside a step that is being built nothing happens.
 *
 * @throws TensorError if the value has another shape or type
 */
export function updateBuffer(buffer: Buffer, value: Tensor): void {
  if (!sameShape(buffer.shape, value.shape) || buffer.dtype !== value.dtype) {
    throw new TensorError(
      buffer.dtype === value.dtype ? "TENSOR_SHAPE" : "TENSOR_DTYPE",
      `a buffer of ${buffer.dtype} ${showShape(buffer.shape)} cannot become ${value.dtype} ${showShape(value.shape)}`,
    );
  }
  if (inLoop) {
    throw new TensorError(
      "TENSOR_VALUE",
      "scan: a buffer cannot be updated in the step of a scan; have the value carried, and update the buffer with what comes out",
    );
  }
  open?.set(buffer, value);
}

/** A buffer's present value in a step: what the last update in it has given, where there was one. */
export function bufferValue(buffer: Buffer): Tensor {
  return open?.get(buffer) ?? buffer;
}

/** Number of a new random op. */
export function nextRandomId(): number {
  if (inLoop) {
    throw new TensorError(
      "TENSOR_VALUE",
      "scan: random numbers cannot be drawn in the step of a scan, dropout among them; draw them for all steps before, and give them with xs",
    );
  }
  return randomOps++;
}
