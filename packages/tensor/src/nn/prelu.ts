import { TensorError } from "../errors.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Parameter } from "../variable.ts";
import { filled } from "./init.ts";
import { Module } from "./module.ts";

/** x above 0, weight x below, with a trained weight for all channels or for each: the channels are axis 1. */
export class PReLU extends Module {
  /** [numParameters] */
  readonly weight: Parameter;

  constructor(numParameters = 1, { init = 0.25 }: { readonly init?: number } = {}) {
    super();
    if (!Number.isInteger(numParameters) || numParameters < 1)
      throw new TensorError(
        "TENSOR_VALUE",
        `PReLU: numParameters is ${numParameters}; it must be a whole number above 0`,
      );
    this.weight = new Parameter([numParameters], filled(init));
  }

  forward(input: Tensor): Tensor {
    const parameters = this.weight.size(0);
    const channels = input.ndim > 1 ? input.size(1) : 1;
    if (parameters !== 1 && parameters !== channels) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `PReLU(${parameters}) got ${showShape(input.shape)}: axis 1 must have ${parameters} channels`,
      );
    }
    const slopes =
      input.ndim > 1 ? this.weight.reshape([parameters, ...input.shape.slice(2).map(() => 1)]) : this.weight;
    return input.float().prelu(input.ndim === 0 ? slopes.reshape([]) : slopes);
  }
}
