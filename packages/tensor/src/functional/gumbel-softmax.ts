import { randLike } from "../random/draws.ts";
import type { Tensor } from "../tensor.ts";

export interface GumbelSoftmaxOptions {
  /** Temperature: the lower, the nearer to one of the categories. */
  readonly tau?: number;
  /** Gives one category, with the gradient of the soft choice. */
  readonly hard?: boolean;
  readonly dim?: number;
}

/** Draws from a categorical distribution such that gradients flow (Jang, Gu and Poole 2017). */
export function gumbelSoftmax(logits: Tensor, { tau = 1, hard = false, dim = -1 }: GumbelSoftmaxOptions = {}): Tensor {
  const gumbel = randLike(logits).log().neg().log().neg();
  const soft = logits.add(gumbel).div(tau).softmax(dim);
  if (!hard) return soft;
  const last = soft.transpose(dim, -1);
  const chosen = last.argmax(-1).oneHot(last.size(-1)).float().transpose(dim, -1);
  return soft.add(chosen.sub(soft).detach());
}
