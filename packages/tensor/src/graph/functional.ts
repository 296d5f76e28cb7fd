/** Derivatives of functions of tensors, as graphs: PyTorch's torch.autograd.functional. */
import { TensorError } from "../errors.ts";
import { stack } from "../methods/movement.ts";
import { sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { grad } from "./gradient.ts";

/** A function of one tensor or several. */
export type Differentiable = (...inputs: readonly Tensor[]) => Tensor;

/** Inputs as tensors of their own, so that nothing else depends on them. */
function valueAt(f: Differentiable, inputs: readonly Tensor[]): { readonly at: readonly Tensor[]; readonly y: Tensor } {
  const at = inputs.map((input) => input.detach());
  return { at, y: f(...at) };
}

/** Gradients; zeros where there is no dependence. */
function gradientsOf(loss: Tensor, targets: readonly Tensor[]): Tensor[] {
  return grad(loss, targets).map((gradient, index) => gradient ?? zerosOf(targets, index));
}

function zerosOf(tensors: readonly Tensor[], index: number): Tensor {
  const like = tensors[index];
  if (like === undefined) throw new RangeError(`there is no input ${index}`);
  return like.zerosLike();
}

function checkLike(name: string, what: string, given: readonly Tensor[], wanted: readonly Tensor[]): void {
  const fits =
    given.length === wanted.length && wanted.every(({ shape }, at) => sameShape(given[at]?.shape ?? [-1], shape));
  if (fits) return;
  const shapes = (tensors: readonly Tensor[]) => tensors.map(({ shape }) => showShape(shape)).join(", ");
  throw new TensorError("TENSOR_SHAPE", `${name}: ${what} ${shapes(given)} must have the shapes ${shapes(wanted)}`);
}

/**
 * All derivatives of all elements of f(inputs): for each input [...shape of the output, ...shape of the input]. The graph has a
 * backward pass for each element of the output.
 */
export function jacobian(f: Differentiable, inputs: readonly Tensor[]): Tensor[] {
  const { at, y } = valueAt(f, inputs);
  const elements = y.reshape([y.numel]);
  const rows = Array.from({ length: y.numel }, (_, index) => gradientsOf(elements.select(0, index), at));
  return at.map((input, which) => {
    const parts = rows.map((row) => row[which] ?? input.zerosLike());
    const shape = [...y.shape, ...input.shape];
    return parts.length === 0 ? input.newFull(shape, 0) : stack(parts).reshape(shape);
  });
}

/** Second derivatives of a scalar f(inputs): for each pair of inputs [...shape of the one, ...shape of the other]. */
export function hessian(f: Differentiable, inputs: readonly Tensor[]): Tensor[][] {
  return inputs.map((_, which) =>
    jacobian((...at) => {
      const slope = gradientsOf(scalarOf("hessian", f(...at)), at)[which];
      return slope ?? zerosOf(at, which);
    }, inputs),
  );
}

/** v^T J: gradients of the sum of f(inputs) times v, by one backward pass. Without v the output must be one number. */
export function vjp(f: Differentiable, inputs: readonly Tensor[], v?: Tensor): Tensor[] {
  const { at, y } = valueAt(f, inputs);
  if (v === undefined) return gradientsOf(scalarOf("vjp", y), at);
  checkLike("vjp", "v", [v], [y]);
  return gradientsOf(y.mul(v).sum(), at);
}

/** J v: how f(inputs) moves where the inputs move along v. Two backward passes: the gradient of v^T J is linear in v. */
export function jvp(f: Differentiable, inputs: readonly Tensor[], v: readonly Tensor[]): Tensor {
  checkLike("jvp", "v", v, inputs);
  const { at, y } = valueAt(f, inputs);
  const seed = y.zerosLike().clone();
  const slopes = gradientsOf(y.mul(seed).sum(), at);
  const [along] = gradientsOf(dot(slopes, v), [seed]);
  return along ?? y.zerosLike();
}

/** H v: how the gradient of a scalar f(inputs) moves where the inputs move along v, by two backward passes. */
export function hvp(f: Differentiable, inputs: readonly Tensor[], v: readonly Tensor[]): Tensor[] {
  checkLike("hvp", "v", v, inputs);
  const { at, y } = valueAt(f, inputs);
  return gradientsOf(dot(gradientsOf(scalarOf("hvp", y), at), v), at);
}

function dot(a: readonly Tensor[], b: readonly Tensor[]): Tensor {
  const terms = a.flatMap((tensor, index) => {
    const other = b[index];
    return other === undefined ? [] : [tensor.mul(other).sum()];
  });
  const [first, ...others] = terms;
  if (first === undefined) throw new TensorError("TENSOR_VALUE", "there are no inputs");
  return others.reduce((sum, term) => sum.add(term), first);
}

function scalarOf(name: string, y: Tensor): Tensor {
  if (y.numel === 1) return y.reshape([]);
  throw new TensorError("TENSOR_SHAPE", `${name}: the function gives ${showShape(y.shape)}; it must be one number`);
}
