import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** Joins the axes from startDim (1: all but the batch) to endDim into one. */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;

  constructor(startDim = 1, endDim = -1) {
    super();
    this.startDim = startDim;
    this.endDim = endDim;
  }

  forward(input: Tensor): Tensor {
    return input.flatten(this.startDim, this.endDim);
  }
}
