import { TensorError } from "../errors.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Parameter } from "../variable.ts";
import { kaimingUniform } from "./init.ts";
import { Module } from "./module.ts";

/** y = x weight^T + bias over the last axis: [..., inFeatures] to [..., outFeatures]. */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** [outFeatures, inFeatures] */
  readonly weight: Parameter;
  /** [outFeatures] */
  readonly bias: Parameter | undefined;

  constructor(inFeatures: number, outFeatures: number, { bias = true }: { readonly bias?: boolean } = {}) {
    super();
    for (const [name, value] of Object.entries({ inFeatures, outFeatures })) {
      if (!Number.isInteger(value) || value < 1)
        throw new TensorError("TENSOR_VALUE", `Linear: ${name} is ${value}; it must be a whole number above 0`);
    }
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = new Parameter([outFeatures, inFeatures], kaimingUniform(inFeatures));
    this.bias = bias ? new Parameter([outFeatures], kaimingUniform(inFeatures)) : undefined;
  }

  forward(input: Tensor): Tensor {
    if (input.shape.at(-1) !== this.inFeatures) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `Linear(${this.inFeatures}, ${this.outFeatures}) got ${showShape(input.shape)}: the last size must be ${this.inFeatures}`,
      );
    }
    return input.float().linear(this.weight, this.bias);
  }
}
