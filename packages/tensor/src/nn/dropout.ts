import { checkProbability, dropout, dropout2d } from "../functional/dropout.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

class WithProbability extends Module {
  readonly p: number;
  constructor(p = 0.5) {
    super();
    checkProbability(new.target.name, p);
    this.p = p;
  }
}

/** In training, sets elements to 0 with probability p and scales the others by 1 / (1 - p). */
export class Dropout extends WithProbability {
  forward(input: Tensor): Tensor {
    return dropout(input, this);
  }
}

/** In training, sets whole channels of [batch, channels, ...] to 0 with probability p and scales the others by 1 / (1 - p). */
export class Dropout2d extends WithProbability {
  forward(input: Tensor): Tensor {
    return dropout2d(input, this);
  }
}
