import { TensorError } from "../errors.ts";
import { sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { topologicalOrder } from "./order.ts";

/**
 * Gradients of a scalar with respect to tensors that it was computed from, as new graphs (reverse mode). A tensor that
 * the scalar does not depend on has the gradient `undefined`, as PyTorch has None there.
 *
 * @param loss scalar, shape [] or one element
 * @param targets tensors of any shape; the gradients have theirs
 */
export function grad(loss: Tensor, targets: readonly Tensor[]): (Tensor | undefined)[] {
  if (loss.numel !== 1) {
    throw new TensorError(
      "TENSOR_GRADIENT",
      `the gradient is taken of a scalar, not of shape ${showShape(loss.shape)}; reduce it with mean() or sum()`,
    );
  }
  if (loss.dtype !== "float32") {
    throw new TensorError("TENSOR_GRADIENT", `the gradient is taken of a float32 scalar, not of ${loss.dtype}`);
  }
  const order = topologicalOrder([loss]);
  const wanted = new Set(targets);
  const active = new Set<Tensor>();
  for (const tensor of order) {
    if (wanted.has(tensor) || tensor.inputs.some((input) => active.has(input))) active.add(tensor);
  }
  const gradients = new Map<Tensor, Tensor>([[loss, loss.onesLike()]]);
  const joint = jointResults(order);
  for (const tensor of order.toReversed()) {
    const { op, inputs, attributes } = tensor;
    if (op === undefined || !active.has(tensor)) continue;
    const found =
      op.results === undefined
        ? [gradients.get(tensor)]
        : joint.get(tensor)?.map((same) => sumOf(same.flatMap((each) => gradients.get(each) ?? [])));
    const [gradient] = found ?? [];
    if (found === undefined || found.every((each) => each === undefined)) continue;
    const needs = (index: number) => {
      const input = inputs[index];
      return input !== undefined && active.has(input) && input.dtype === "float32";
    };
    // What has no elements adds nothing; rules need not know how to cut, join and divide it.
    const parts =
      op.results !== undefined
        ? (op.jointGradient?.({ inputs, gradients: found, needs }) ?? [])
        : tensor.numel === 0
          ? inputs.map((input) => input.zerosLike())
          : gradient === undefined
            ? []
            : (op.gradient?.({ inputs, attributes, output: tensor, gradient, needs }) ?? []);
    for (const [index, part] of parts.entries()) {
      const input = inputs[index];
      if (part === undefined || input === undefined || !needs(index)) continue;
      if (!sameShape(part.shape, input.shape)) {
        throw new TensorError(
          "TENSOR_GRADIENT",
          `gradient of ${op.name} for input ${index} has shape ${showShape(part.shape)}, not ${showShape(input.shape)}: the op's rule is wrong`,
        );
      }
      const sum = gradients.get(input);
      gradients.set(input, sum === undefined ? part : sum.add(part));
    }
  }
  return targets.map((target) => gradients.get(target));
}

/**
 * For the first result of each computation of several, in the order, all that are in it, in the order of its ops. What uses
 * any of them comes behind the first, so that backwards all their gradients are complete there. An op may have several
 * tensors: each gradient of a loop asks anew for the states that its steps began with.
 */
function jointResults(order: readonly Tensor[]): ReadonlyMap<Tensor, readonly (readonly Tensor[])[]> {
  const found = new Map<Tensor, Tensor[][]>();
  for (const tensor of order) {
    const { op, inputs } = tensor;
    if (op?.results === undefined) continue;
    const isSame = (other: Tensor) =>
      other.op?.results === op.results && other.inputs.every((input, index) => input === inputs[index]);
    const first = found.keys().find(isSame) ?? tensor;
    const results = found.get(first) ?? op.results.map(() => []);
    results[op.results.indexOf(op)]?.push(tensor);
    found.set(first, results);
  }
  return found;
}

function sumOf(terms: readonly Tensor[]): Tensor | undefined {
  const [first, ...others] = terms;
  return first && others.reduce((sum, term) => sum.add(term), first);
}
