import { checkInterpolation, type InterpolateOptions, interpolate } from "../functional/interpolate.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** Changes height and width, or the length, to `size` or by `scaleFactor`. */
export class Upsample extends Module {
  readonly options: InterpolateOptions;

  constructor(options: InterpolateOptions) {
    super();
    checkInterpolation("Upsample", options);
    this.options = options;
  }

  forward(input: Tensor): Tensor {
    return interpolate(input.float(), this.options);
  }
}
