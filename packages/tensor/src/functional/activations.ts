/** Activations as functions: they are methods of tensors too. */
import { TensorError } from "../errors.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

export function softmax(input: Tensor, dim: number): Tensor {
  return input.softmax(dim);
}

export function logSoftmax(input: Tensor, dim: number): Tensor {
  return input.logSoftmax(dim);
}

export function relu(input: Tensor): Tensor {
  return input.relu();
}

export function sigmoid(input: Tensor): Tensor {
  return input.sigmoid();
}

export function tanh(input: Tensor): Tensor {
  return input.tanh();
}

export function silu(input: Tensor): Tensor {
  return input.silu();
}

export function gelu(input: Tensor, { approximate }: { readonly approximate?: "none" | "tanh" } = {}): Tensor {
  return input.gelu(approximate);
}

export function leakyRelu(input: Tensor, negativeSlope?: number): Tensor {
  return input.leakyRelu(negativeSlope);
}

export function elu(input: Tensor, alpha?: number): Tensor {
  return input.elu(alpha);
}

export function softplus(input: Tensor, options: { readonly beta?: number; readonly threshold?: number } = {}): Tensor {
  return input.softplus(options);
}

/** log(sigmoid(x)) */
export function logSigmoid(input: Tensor): Tensor {
  return input.neg().softplus().neg();
}

/** x / (1 + |x|) */
export function softsign(input: Tensor): Tensor {
  return input.div(input.abs().add(1));
}

/** x tanh(softplus(x)) (Misra 2019) */
export function mish(input: Tensor): Tensor {
  return input.mul(input.softplus().tanh());
}

/** x relu6(x + 3) / 6 (Howard et al. 2019) */
export function hardswish(input: Tensor): Tensor {
  return input.mul(relu6(input.add(3))).div(6);
}

export function hardtanh(
  input: Tensor,
  { minVal = -1, maxVal = 1 }: { readonly minVal?: number; readonly maxVal?: number } = {},
): Tensor {
  return input.clamp({ min: minVal, max: maxVal });
}

export function relu6(input: Tensor): Tensor {
  return input.clamp({ min: 0, max: 6 });
}

/** The first half along an axis times the sigmoid of the second (Dauphin et al. 2017). */
export function glu(input: Tensor, dim = -1): Tensor {
  const [first, second, ...more] = input.chunk(2, dim);
  if (first === undefined || second === undefined || more.length > 0 || first.size(dim) !== second.size(dim)) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `glu: axis ${dim} of ${showShape(input.shape)} cannot be cut into two equal halves`,
    );
  }
  return first.mul(second.sigmoid());
}
