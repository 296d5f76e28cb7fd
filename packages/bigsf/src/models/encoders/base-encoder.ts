import { typedConfigurable } from "@ml-mosaic/configurable";
import { nn, type Tensor } from "@ml-mosaic/tensor";

/**
 * Says in a few numbers where in the map a patch is. A model joins them, one plane for each number, to its channels.
 * Weights of its own are trained with the model's.
 *
 * @example
 * class Learned extends configurable({ size: schema(int, { default: 2 }) }, BaseEncoder) {
 *   static override readonly aliases = ["learned"];
 *   readonly linear = new nn.Linear(4, this.size);
 *   override get channels(): number {
 *     return this.size;
 *   }
 *   override forward(position: Tensor): Tensor {
 *     return this.linear.forward(position.reshape([-1, 4]).div(1000));
 *   }
 * }
 * register(Learned); // encoder: { type: learned, size: 3 }
 */
export abstract class BaseEncoder extends typedConfigurable({}, nn.Module) {
  /** How many numbers `forward` gives for each patch. It is asked for while the model is constructed. */
  abstract get channels(): number;

  /**
   * @param position [batch, 2, 2], float32: [[y0, y1], [x0, x1]] in pixels of the map, end-exclusive
   * @returns [batch, channels]
   */
  abstract forward(position: Tensor): Tensor;
}
