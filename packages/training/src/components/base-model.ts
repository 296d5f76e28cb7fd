import { typedConfigurable } from "@ml-mosaic/configurable";
import { nn, type Tensor } from "@ml-mosaic/tensor";
import type { ModelOutput } from "../model-step.ts";

/**
 * A model that a configuration can name: an `nn.Module` whose options are its attributes. `forward` gets the fields of
 * the samples but the last, each [batch, ...]; several predictions, the last of which counts, may be returned as a list.
 *
 * @example
 * class Mlp extends configurable({ width: schema(int, { default: 8 }) }, BaseModel) {
 *   static override readonly aliases = ["mlp"];
 *   readonly hidden = new nn.Linear(2, this.width);
 *   readonly output = new nn.Linear(this.width, 1);
 *   override forward(x: Tensor): Tensor {
 *     return this.output.forward(this.hidden.forward(x).relu());
 *   }
 * }
 * register(Mlp);
 */
export abstract class BaseModel extends typedConfigurable({}, nn.Module) {
  abstract forward(...inputs: Tensor[]): ModelOutput;
}
