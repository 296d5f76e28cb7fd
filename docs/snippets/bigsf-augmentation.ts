import { BaseAugmentation, type PatchLayers } from "@ml-mosaic/bigsf";
import { configurable, float, register, schema } from "@ml-mosaic/configurable";
import type { Generator } from "@ml-mosaic/tensor";

class Dimming extends configurable({ least: schema(float, { default: 0.5 }) }, BaseAugmentation) {
  static override readonly aliases = ["dimming"];
  override apply({ patch }: PatchLayers, generator: Generator): void {
    const factor = generator.uniform(this.least, 1);
    for (const [pixel, value] of patch.entries()) patch[pixel] = factor * value;
  }
}
register(Dimming);
