import { configurable, int, register, schema } from "@ml-mosaic/configurable";
import { DataLoader, randomSplit } from "@ml-mosaic/tensor";
import { BaseData, type DataContext, type DataLoaders } from "@ml-mosaic/training";
import { moons } from "./moons.ts";

class TwoMoons extends configurable({ samples: schema(int, { default: 300 }) }, BaseData) {
  static override readonly aliases = ["two_moons"];
  override loaders({ batchSize, generator }: DataContext): DataLoaders {
    const [train, valid, test] = randomSplit(moons(this.samples, generator), [0.6, 0.2, 0.2], { generator });
    return {
      train: new DataLoader(train, { batchSize, shuffle: true }),
      valid: new DataLoader(valid, { batchSize }),
      test: new DataLoader(test, { batchSize }),
    };
  }
}
register(TwoMoons);
