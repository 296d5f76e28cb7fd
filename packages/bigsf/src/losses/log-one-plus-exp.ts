import type { Tensor } from "@ml-mosaic/tensor";

/** log(1 + exp x), which neither overflows nor has a kink: softplus without a threshold. */
export function logOnePlusExp(x: Tensor): Tensor {
  return x.softplus({ threshold: Number.POSITIVE_INFINITY });
}
