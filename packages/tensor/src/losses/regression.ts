import { TensorError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { checkSameShape, type Loss, type ReductionOptions, reduceLoss } from "./reduction.ts";

/** (prediction - target)^2 */
export class MSELoss implements Loss {
  readonly options: ReductionOptions;
  constructor(options: ReductionOptions = {}) {
    this.options = options;
  }
  forward(prediction: Tensor, target: Tensor): Tensor {
    checkSameShape("MSELoss", prediction, target);
    return reduceLoss(prediction.sub(target.float()).pow(2), this.options.reduction);
  }
}

/** |prediction - target| */
export class L1Loss implements Loss {
  readonly options: ReductionOptions;
  constructor(options: ReductionOptions = {}) {
    this.options = options;
  }
  forward(prediction: Tensor, target: Tensor): Tensor {
    checkSameShape("L1Loss", prediction, target);
    return reduceLoss(prediction.sub(target.float()).abs(), this.options.reduction);
  }
}

/** Squared below beta, linear above: d^2 / (2 beta), |d| - beta / 2 (Girshick 2015). */
export class SmoothL1Loss implements Loss {
  readonly options: ReductionOptions & { readonly beta?: number };
  constructor(options: ReductionOptions & { readonly beta?: number } = {}) {
    const { beta = 1 } = options;
    if (!(beta >= 0)) throw new TensorError("TENSOR_VALUE", `SmoothL1Loss: beta is ${beta}; it must be 0 or more`);
    this.options = options;
  }
  forward(prediction: Tensor, target: Tensor): Tensor {
    checkSameShape("SmoothL1Loss", prediction, target);
    const { beta = 1, reduction } = this.options;
    const distance = prediction.sub(target.float());
    if (beta === 0) return reduceLoss(distance.abs(), reduction);
    const size = distance.abs();
    const isFar = size.ge(beta);
    const squares = withoutFar(distance, isFar).mul(0.5 / beta);
    return reduceLoss(isFar.where(size.sub(beta / 2), squares), reduction);
  }
}

/** Squared below delta, linear above: d^2 / 2, delta (|d| - delta / 2) (Huber 1964). */
export class HuberLoss implements Loss {
  readonly options: ReductionOptions & { readonly delta?: number };
  constructor(options: ReductionOptions & { readonly delta?: number } = {}) {
    const { delta = 1 } = options;
    if (!(delta > 0)) throw new TensorError("TENSOR_VALUE", `HuberLoss: delta is ${delta}; it must be above 0`);
    this.options = options;
  }
  forward(prediction: Tensor, target: Tensor): Tensor {
    checkSameShape("HuberLoss", prediction, target);
    const { delta = 1, reduction } = this.options;
    const distance = prediction.sub(target.float());
    const size = distance.abs();
    const isFar = size.gt(delta);
    const squares = withoutFar(distance, isFar).mul(0.5);
    return reduceLoss(isFar.where(size.sub(delta / 2).mul(delta), squares), reduction);
  }
}

/** Squares of distances, 0 for far ones: the gradient of an infinite square would be NaN even where it is not used. */
function withoutFar(distance: Tensor, isFar: Tensor): Tensor {
  return isFar.where(0, distance).pow(2);
}
