import { checkedIndex } from "../methods/indexing.ts";
import { embedding as embeddingOp } from "../ops/embedding.ts";
import type { Tensor } from "../tensor.ts";

/**
 * input weight^T + bias over the last axis: [..., in] to [..., out].
 *
 * @param weight [out, in]
 * @param bias [out]
 */
export function linear(input: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return input.linear(weight, bias);
}

/**
 * Rows of a table: indices of any shape [...] become [..., width].
 *
 * @param weight [rows, width]
 */
export function embedding(
  indices: Tensor,
  weight: Tensor,
  { paddingIdx = -1 }: { /** Gets no gradient. */ readonly paddingIdx?: number } = {},
): Tensor {
  return weight.apply(embeddingOp, [checkedIndex("embedding", indices, weight.size(0))], { padding: paddingIdx });
}
