import { boolean, component, configurable, register, schema } from "@ml-mosaic/configurable";
import { DataLoader } from "@ml-mosaic/tensor";
import { BaseData, type DataContext, type DataLoaders } from "./base-data.ts";
import { BaseDataset } from "./base-dataset.ts";

const options = {
  train: schema(component(BaseDataset)),
  valid: schema(component(BaseDataset)),
  test: schema(component(BaseDataset), { optional: true }),
  shuffle: schema(boolean, { default: true, help: "A new order of the train set in each epoch" }),
};

/** Data sets of one's own, one for each use. */
class Datasets extends configurable(options, BaseData) {
  static override readonly aliases = ["datasets"];

  override loaders({ batchSize }: DataContext): DataLoaders {
    return {
      train: new DataLoader(this.train, { batchSize, shuffle: this.shuffle }),
      valid: new DataLoader(this.valid, { batchSize }),
      test: this.test && new DataLoader(this.test, { batchSize }),
    };
  }
}
register(Datasets);
