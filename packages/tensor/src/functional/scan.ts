import { TensorError } from "../errors.ts";
import { traceLoop } from "../graph/trace.ts";
import { scanOver } from "../ops/scan.ts";
import { sameShape, showShape } from "../shape.ts";
import { Tensor } from "../tensor.ts";

/** A tensor, or lists and records of them, as deep as one likes. */
export type Tensors = Tensor | readonly Tensors[] | { readonly [name: string]: Tensors };

export interface ScanOptions {
  /** The last slice comes first; what is kept of a slice has its place all the same. */
  readonly reverse?: boolean;
}

/**
 * A loop over the slices of `xs` along their first axis, with a gradient: JAX's `lax.scan`. However many steps there are,
 * the step is built and compiled once.
 *
 * @param step called once, to build the graph of a step: from what is carried and one slice of `xs` to what is carried on, and
 * what is kept of the step
 * @param init what the first step gets; later ones get the same shapes and types
 * @param xs tensors of the same length along the first axis: [steps, ...]
 * @returns what the last step carries on, and what was kept of all steps: [steps, ...]
 * @throws TensorError if a step carries on something else than it gets, or draws random numbers
 *
 * @example
 * const { ys } = scan(({ h }, x) => {
 *   const next = x.add(h.matmul(weight)).tanh();
 *   return { carry: { h: next }, y: next };
 * }, { h: zeros([batch, hidden]) }, inputs);
 */
export function scan<C extends Tensors, X extends Tensors, Y extends Tensors>(
  step: (carry: C, x: X) => { readonly carry: C; readonly y: Y },
  init: C,
  xs: X,
  { reverse = false }: ScanOptions = {},
): { readonly carry: C; readonly ys: Y } {
  const [first, slices] = [leavesOf(init), leavesOf(xs)];
  const length = lengthOf(slices);
  let made: { readonly carry: C; readonly y: Y } | undefined;
  const { states, kept } = scanOver(
    (stateInputs, sliceInputs) => {
      made = traceLoop(() => step(filled(init, stateInputs), filled(xs, sliceInputs)));
      if (!(made?.carry instanceof Object && made.y instanceof Object))
        throw new TensorError(
          "TENSOR_VALUE",
          "scan: a step returns { carry, y }; where nothing is to be kept, y is []",
        );
      const next = leavesOf(made.carry);
      checkCarry(first, next);
      return { next: next.map(([, tensor]) => tensor), kept: leavesOf(made.y).map(([, tensor]) => tensor) };
    },
    first.map(([, tensor]) => tensor),
    slices.map(([, tensor]) => tensor),
    { length, reverse },
  );
  if (made === undefined) throw new RangeError("the step was not built");
  // Nothing to go over: what was carried to the loop comes out of it.
  return { carry: length === 0 ? init : filled(made.carry, states), ys: filled(made.y, kept) };
}

type Leaf = readonly [path: string, tensor: Tensor];

function leavesOf(tensors: Tensors, path = ""): Leaf[] {
  if (tensors instanceof Tensor) return [[path, tensors]];
  return Object.entries(tensors).flatMap(([name, inner]: readonly [string, Tensors]) =>
    leavesOf(inner, path === "" ? name : `${path}.${name}`),
  );
}

/** The same lists and records, with other tensors. */
function filled<T extends Tensors>(like: T, tensors: readonly Tensor[]): T;
function filled(like: Tensors, tensors: readonly Tensor[]): Tensors {
  const left = tensors.values();
  const fill = (part: Tensors): Tensors => {
    if (part instanceof Tensor) {
      const { value } = left.next();
      if (value === undefined) throw new RangeError("there are too few tensors");
      return value;
    }
    if (Array.isArray(part)) return part.map(fill);
    return Object.fromEntries(
      Object.entries(part).map(([name, inner]: readonly [string, Tensors]) => [name, fill(inner)]),
    );
  };
  return fill(like);
}

function lengthOf(slices: readonly Leaf[]): number {
  const [first] = slices;
  if (first === undefined)
    throw new TensorError(
      "TENSOR_VALUE",
      "scan: xs has no tensor to go over; where steps need none, give arange(steps)",
    );
  const shown = (leaves: readonly Leaf[]) =>
    leaves.map(([path, { shape }]) => `${path === "" ? "" : `${path} `}${showShape(shape)}`).join(", ");
  const length = first[1].shape[0];
  if (length === undefined || slices.some(([, { shape }]) => shape[0] !== length))
    throw new TensorError("TENSOR_SHAPE", `scan: xs must have one length along the first axis, not ${shown(slices)}`);
  return length;
}

function checkCarry(before: readonly Leaf[], after: readonly Leaf[]): void {
  const show = ([path, { shape, dtype }]: Leaf) => `${path === "" ? "" : `${path} `}${dtype} ${showShape(shape)}`;
  const fits =
    before.length === after.length &&
    before.every(([path, { shape, dtype }], index) => {
      const [otherPath, other] = after[index] ?? [];
      return otherPath === path && other !== undefined && sameShape(other.shape, shape) && other.dtype === dtype;
    });
  if (fits) return;
  const [had, has] = [before, after].map((leaves) => leaves.map(show).join(", ") || "nothing");
  throw new TensorError(
    "TENSOR_SHAPE",
    `scan: a step must carry on what it gets: it gets ${had}, and carries on ${has}`,
  );
}
