import { BaseEncoder } from "@ml-mosaic/bigsf";
import { configurable, int, register, schema } from "@ml-mosaic/configurable";
import { nn, type Tensor } from "@ml-mosaic/tensor";
import { BaseModel } from "@ml-mosaic/training";

/** A few numbers that the model learns to make of a position. */
class Learned extends configurable({ size: schema(int, { default: 2 }) }, BaseEncoder) {
  static override readonly aliases = ["learned"];
  readonly linear = new nn.Linear(4, this.size);
  override get channels(): number {
    return this.size;
  }
  override forward(position: Tensor): Tensor {
    return this.linear.forward(position.reshape([-1, 4]).div(1000));
  }
}
register(Learned);

const config = { type: "unet", encoder: { type: "learned", size: 3 }, encoder_cat_position: "middle" };
const model = BaseModel.fromConfig(config);
console.log([...model.stateDict().keys()].filter((name) => name.startsWith("encoder")));
