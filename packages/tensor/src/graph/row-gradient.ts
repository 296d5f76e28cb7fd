/** Gradients of tables of which few rows were read, before anything makes them as large as the table. */
import { TensorError } from "../errors.ts";
import { cat } from "../methods/movement.ts";
import { add, mul } from "../ops/elementwise.ts";
import { indexAdd } from "../ops/indexing.ts";
import type { RowGradient } from "../optim/optimizer.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { uniformValue } from "./simplify.ts";

/**
 * The rows that a gradient is the sum of. Padding is among them, with rows of 0, where PyTorch's sparse gradients leave it out:
 * that differs only for a table of which the same row is padding in one place and read in another. The moments of that row
 * move, and the row by them, in steps that name it as padding alone.
 *
 * @throws TensorError if it is one of all elements
 */
export function rowGradient(gradient: Tensor, optimizer: string): RowGradient {
  const parts = partsOf(gradient);
  if (parts === undefined || parts.length === 0)
    throw new TensorError(
      "TENSOR_GRADIENT",
      `${optimizer} does not support dense gradients, and a parameter of shape ${showShape(gradient.shape)} has one: it takes tables of which rows are read by index alone, as in nn.Embedding, without accumulate and clipValue. Give other parameters Adam, by groups`,
    );
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  return { index: cat(parts.map(({ index }) => index)), rows: cat(parts.map(({ rows }) => rows)) };
}

/** Of a table that was read several times, the rows of each; undefined where anything else enters. */
function partsOf(gradient: Tensor): readonly RowGradient[] | undefined {
  const [first, second, rows] = gradient.inputs;
  if (first === undefined || second === undefined) return undefined;
  if (gradient.op === add) {
    const [one, other] = [partsOf(first), partsOf(second)];
    return one && other && [...one, ...other];
  }
  // Scaled to a norm.
  if (gradient.op === mul && second.numel === 1)
    return partsOf(first)?.map((part) => ({ ...part, rows: part.rows.mul(second) }));
  const isOfRows = gradient.op === indexAdd && gradient.attributes.axis === 0 && uniformValue(first) === 0;
  return isOfRows && rows !== undefined ? [{ index: second, rows }] : undefined;
}
