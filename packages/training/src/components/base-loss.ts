import { typedConfigurable } from "@ml-mosaic/configurable";
import type { nn, Tensor } from "@ml-mosaic/tensor";

/**
 * A loss that a configuration can name.
 *
 * @example
 * class LogCosh extends configurable({ scale: schema(float, { default: 1 }) }, BaseLoss) {
 *   static override readonly aliases = ["log_cosh"];
 *   override forward(prediction: Tensor, target: Tensor): Tensor {
 *     const distance = prediction.sub(target).div(this.scale);
 *     return distance.exp().add(distance.neg().exp()).div(2).log().mean();
 *   }
 * }
 * register(LogCosh);
 */
export abstract class BaseLoss extends typedConfigurable({}) implements nn.Loss {
  /** @returns a scalar, the mean over the batch */
  abstract forward(prediction: Tensor, target: Tensor): Tensor;
}
