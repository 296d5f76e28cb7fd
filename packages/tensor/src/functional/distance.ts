import { broadcastShapes, sameShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** x1 . x2 / (|x1| |x2|) along an axis; lengths below eps count as eps. */
export function cosineSimilarity(
  x1: Tensor,
  x2: Tensor,
  { dim = 1, eps = 1e-8 }: { readonly dim?: number; readonly eps?: number } = {},
): Tensor {
  const shape = broadcastShapes(x1.shape, x2.shape, "cosineSimilarity");
  const whole = (x: Tensor) => (sameShape(x.shape, shape) ? x : x.expand(shape));
  const unit = (x: Tensor) => x.div(x.norm(2, dim, true).clamp({ min: eps }));
  return unit(whole(x1))
    .mul(unit(whole(x2)))
    .sum(dim);
}

/** |x1 - x2 + eps| over the last axis, of the norm p. */
export function pairwiseDistance(
  x1: Tensor,
  x2: Tensor,
  {
    p = 2,
    eps = 1e-6,
    keepdim = false,
  }: { readonly p?: number; readonly eps?: number; readonly keepdim?: boolean } = {},
): Tensor {
  return x1.sub(x2).add(eps).norm(p, -1, keepdim);
}

/** x / |x| along an axis, of the norm p; lengths below eps count as eps. */
export function normalize(
  input: Tensor,
  { p = 2, dim = 1, eps = 1e-12 }: { readonly p?: number; readonly dim?: number; readonly eps?: number } = {},
): Tensor {
  return input.div(input.norm(p, dim, true).clamp({ min: eps }));
}
