/** A data set as a user would write it, whose samples are read one by one and draw random numbers. */
import { configurable, int, register, schema } from "@ml-mosaic/configurable";
import { fromArray, type Generator, type Sample } from "@ml-mosaic/tensor";
import { BaseDataset } from "@ml-mosaic/training";

const options = { size: schema(int), broken: schema(int, { optional: true }), fatal: schema(int, { optional: true }) };

class DrawnPoints extends configurable(options, BaseDataset) {
  static override readonly aliases = ["drawn_points"];

  override get length(): number {
    return this.size;
  }

  override get(index: number, generator: Generator): Sample {
    if (index === this.broken) throw new Error(`stars.fits holds no star ${index}`);
    if (index === this.fatal) process.exit(7);
    const point = Float32Array.from({ length: 3 }, (_, axis) => Math.sin(7 * index + axis) + generator.normal(0, 0.1));
    const sum = point.reduce((a, b) => a + b, 0);
    return [fromArray(point, [3]), fromArray(Float32Array.of(Number(sum > 0)), [1])];
  }
}
register(DrawnPoints);
