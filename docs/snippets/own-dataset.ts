import { configurable, int, register, schema } from "@ml-mosaic/configurable";
import { type Sample, tensor } from "@ml-mosaic/tensor";
import { BaseDataset } from "@ml-mosaic/training";

class Products extends configurable({ size: schema(int) }, BaseDataset) {
  static override readonly aliases = ["products"];
  override get length(): number {
    return this.size;
  }
  override get(index: number): Sample {
    const [x, y] = [Math.sin(index), Math.cos(1.7 * index)];
    return [tensor([x, y]), tensor([x * y])];
  }
}
register(Products);
