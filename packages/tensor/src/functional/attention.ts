import { TensorError } from "../errors.ts";
import { covers, showShape } from "../shape.ts";
import { constant, type Tensor } from "../tensor.ts";
import { dropout } from "./dropout.ts";

/** Added to scores: the weight is exactly 0. */
const never = Number.NEGATIVE_INFINITY;

/** For [queries, keys], minus infinity where a key comes after the query, else 0. */
export function causalMask(queries: number, keys: number): Tensor {
  const later = Float32Array.from({ length: queries * keys }, (_, at) =>
    at % keys > Math.floor(at / keys) ? never : 0,
  );
  return constant(later, [queries, keys], "float32");
}

/** Minus infinity where the mask, of booleans, is true, else 0. */
export function additiveMask(mask: Tensor): Tensor {
  return mask.where(mask.newFull([], never, "float32"), mask.newFull([], 0, "float32"));
}

export interface ScaledDotProductOptions {
  /** Broadcasts to [..., queries, keys]: bool, true where a query looks at a key; or float32, added to the scores. */
  readonly attnMask?: Tensor;
  /** Share of the weights that is dropped, in evaluation too: give 0 there. */
  readonly dropoutP?: number;
  /** No query looks at keys after its own position. */
  readonly isCausal?: boolean;
  /** What scores are multiplied by; 1 / sqrt(features) without it. */
  readonly scale?: number;
}

/**
 * softmax(query key^T scale + mask) value, as PyTorch's scaled_dot_product_attention, whose mask of booleans is true for what
 * takes part.
 *
 * @param query [..., queries, features]
 * @param key [..., keys, features]
 * @param value [..., keys, any]
 * @returns [..., queries, any]
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  { attnMask, dropoutP = 0, isCausal = false, scale }: ScaledDotProductOptions = {},
): Tensor {
  const problem = (why: string) =>
    new TensorError(
      "TENSOR_SHAPE",
      `scaledDotProductAttention: query ${showShape(query.shape)}, key ${showShape(key.shape)}, value ${showShape(value.shape)}: ${why}`,
    );
  if ([query, key, value].some(({ ndim }) => ndim < 2)) throw problem("all need 2 axes or more");
  if (query.size(-1) !== key.size(-1)) throw problem("query and key must have the same number of features");
  if (key.size(-2) !== value.size(-2)) throw problem("key and value must be of one length");
  if (isCausal && attnMask !== undefined)
    throw new TensorError("TENSOR_VALUE", "scaledDotProductAttention: give attnMask or isCausal, not both");
  const scores = query
    .float()
    .matmul(key.float().transpose(-2, -1))
    .mul(scale ?? 1 / Math.sqrt(query.size(-1)));
  const mask = isCausal ? causalMask(query.size(-2), key.size(-2)) : attnMask;
  if (mask !== undefined && !covers(scores.shape, mask.shape))
    throw problem(`attnMask ${showShape(mask.shape)} does not broadcast to the scores ${showShape(scores.shape)}`);
  const added = mask?.dtype === "bool" ? additiveMask(mask.logicalNot()) : mask;
  const weights = (added === undefined ? scores : scores.add(added)).softmax(-1);
  return dropout(weights, { p: dropoutP }).matmul(value.float());
}
