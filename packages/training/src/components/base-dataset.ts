import { typedConfigurable } from "@ml-mosaic/configurable";
import type { Dataset, Generator, Sample } from "@ml-mosaic/tensor";

/**
 * A data set that a configuration can name. The last tensor of a sample is the target, the others are what the model
 * gets.
 *
 * @example
 * class Squares extends configurable({ size: schema(int) }, BaseDataset) {
 *   static override readonly aliases = ["squares"];
 *   override get length(): number {
 *     return this.size;
 *   }
 *   override get(index: number): Sample {
 *     return [tensor([index / this.size]), tensor([(index / this.size) ** 2])];
 *   }
 * }
 * register(Squares);
 */
export abstract class BaseDataset extends typedConfigurable({}) implements Dataset {
  abstract get length(): number;
  /** Reads a sample; what is random about it is drawn from `generator`. */
  abstract get(index: number, generator: Generator): Sample | Promise<Sample>;
}
