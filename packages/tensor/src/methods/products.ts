/** Products of matrices, with what PyTorch allows besides matrices. */
import { TensorError } from "../errors.ts";
import { gemm } from "../ops/linear.ts";
import { covers, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

export function matmul(x: Tensor, other: Tensor): Tensor {
  if (x.ndim === 0 || other.ndim === 0) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `matmul: ${showShape(x.shape)} and ${showShape(other.shape)}: scalars have no matrix product; use mul`,
    );
  }
  const [inner, otherInner] = [x.size(-1), other.size(other.ndim === 1 ? 0 : -2)];
  if (inner !== otherInner) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `matmul: ${showShape(x.shape)} and ${showShape(other.shape)} do not fit: the inner sizes ${inner} and ${otherInner} must be equal`,
    );
  }
  if (x.ndim === 1)
    return x
      .unsqueeze(0)
      .matmul(other)
      .squeeze(other.ndim === 1 ? 0 : -2);
  if (other.ndim === 1) return x.matmul(other.unsqueeze(1)).squeeze(-1);
  return x.product(other, false, false);
}

export function linear(x: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor {
  const inputs = x.size(-1);
  if (weight.ndim !== 2 || weight.size(1) !== inputs) {
    throw new TensorError(
      "TENSOR_SHAPE",
      weight.ndim === 2
        ? `linear: ${showShape(x.shape)} and weight ${showShape(weight.shape)} do not fit: the inner sizes ${inputs} and ${weight.size(1)} must be equal`
        : `linear: the weight ${showShape(weight.shape)} must have 2 axes, outputs and inputs`,
    );
  }
  if (bias !== undefined && !covers([...x.shape.slice(0, -1), weight.size(0)], bias.shape)) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `linear: bias ${showShape(bias.shape)} does not fit the ${weight.size(0)} outputs of weight ${showShape(weight.shape)}`,
    );
  }
  if (x.ndim === 1) return x.unsqueeze(0).linear(weight, bias).squeeze(0);
  const rows = x.ndim === 2 ? x : x.reshape([-1, inputs]);
  const result = rows.apply(gemm, [weight, bias], { transposeA: false, transposeB: true });
  return x.ndim === 2 ? result : result.reshape([...x.shape.slice(0, -1), weight.size(0)]);
}
