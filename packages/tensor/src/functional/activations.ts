/** Activations as functions: they are methods of tensors too. */
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
