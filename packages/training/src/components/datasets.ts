import { boolean, component, configurable, type Objection, register, schema } from "@ml-mosaic/configurable";
import { DataLoader } from "@ml-mosaic/tensor";
import { BaseData, type DataContext, type DataLoaders } from "./base-data.ts";
import { BaseDataset } from "./base-dataset.ts";
import { sampleThreads, threadOptions } from "./reading-threads.ts";

const options = {
  train: schema(component(BaseDataset)),
  valid: schema(component(BaseDataset)),
  test: schema(component(BaseDataset), { optional: true }),
  shuffle: schema(boolean, { default: true, help: "A new order of the train set in each epoch" }),
  ...threadOptions(0),
};

/** Data sets of one's own, one for each use. */
export class Datasets extends configurable(options, BaseData) {
  static override readonly aliases = ["datasets"];

  readonly #threads = sampleThreads(this);

  override *preconditions(): Iterable<Objection> {
    if (this.num_workers === 0) return;
    for (const part of ["train", "valid", "test"] as const) {
      const dataset = this[part];
      if (dataset === undefined || dataset.origin !== undefined) continue;
      const what = `the class ${dataset.constructor.name} is registered by the program itself`;
      const remedy = "put it into a file of its own, which imports name, or leave num_workers out";
      yield { option: part, message: `${what}, which threads cannot load: ${remedy}` };
    }
  }

  override loaders({ batchSize }: DataContext): DataLoaders {
    const options = { batchSize, threads: this.#threads };
    return {
      train: new DataLoader(this.train, { ...options, shuffle: this.shuffle }),
      valid: new DataLoader(this.valid, options),
      test: this.test && new DataLoader(this.test, options),
    };
  }

  override close(): Promise<void> {
    return this.#threads.close();
  }
}
register(Datasets);
