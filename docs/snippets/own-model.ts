import { configurable, int, register, schema } from "@ml-mosaic/configurable";
import { nn, type Tensor } from "@ml-mosaic/tensor";
import { BaseModel } from "@ml-mosaic/training";

const options = { width: schema(int, { default: 16 }), outputs: schema(int, { default: 1 }) };

class Mlp extends configurable(options, BaseModel) {
  static override readonly aliases = ["mlp"];
  readonly hidden = new nn.Linear(2, this.width);
  readonly output = new nn.Linear(this.width, this.outputs);
  override forward(points: Tensor): Tensor {
    return this.output.forward(this.hidden.forward(points).tanh());
  }
}
register(Mlp);
