import { sizeOf } from "../shape.ts";
import type { Initializer } from "../variable.ts";

/** Uniform in [-bound, bound). */
export function uniform(bound: number): Initializer {
  return (shape, generator) => Float32Array.from({ length: sizeOf(shape) }, () => generator.uniform(-bound, bound));
}

/** Everywhere the same number. */
export function filled(value: number): Initializer {
  return (shape) => new Float32Array(sizeOf(shape)).fill(value);
}

/**
 * PyTorch's default for weights and biases of linear and convolution layers: Kaiming uniform with a = sqrt 5, which
 * comes to the bound 1 / sqrt(fan in).
 */
export function kaimingUniform(fanIn: number): Initializer {
  return uniform(fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0);
}
