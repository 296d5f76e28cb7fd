import { configurable, int, register, schema } from "@ml-mosaic/configurable";
import { nn, type Tensor } from "@ml-mosaic/tensor";
import { BaseModel } from "@ml-mosaic/training";

class Dilated extends configurable({ features: schema(int, { default: 16 }) }, BaseModel) {
  static override readonly aliases = ["dilated"];
  readonly layers = new nn.Sequential(
    ...[1, 2, 4, 8].flatMap((dilation, depth) => [
      new nn.Conv2d(depth === 0 ? 1 : this.features, this.features, 3, { padding: dilation, dilation }),
      new nn.BatchNorm2d(this.features),
      new nn.ReLU(),
    ]),
    new nn.Conv2d(this.features, 1, 1),
  );
  override forward(patch: Tensor): Tensor {
    return this.layers.forward(patch);
  }
}
register(Dilated);
