import { configurable, float, register, schema } from "@ml-mosaic/configurable";
import type { Tensor } from "@ml-mosaic/tensor";
import { BaseLoss } from "@ml-mosaic/training";

class LogCosh extends configurable({ scale: schema(float, { default: 1 }) }, BaseLoss) {
  static override readonly aliases = ["log_cosh"];
  override forward(prediction: Tensor, target: Tensor): Tensor {
    const distance = prediction.sub(target).div(this.scale);
    return distance.exp().add(distance.neg().exp()).div(2).log().mean();
  }
}
register(LogCosh);
