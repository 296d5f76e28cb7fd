import { DataLoader, type Tensor, TensorDataset } from "@ml-mosaic/tensor";
import type { DataModule, Info, Loaders } from "ml-mosaic";

interface Parts {
  readonly train: readonly [features: Tensor, target: Tensor];
  readonly test: readonly [features: Tensor, target: Tensor];
}

/** Second stage of a `data_scheme`: features with mean 0 and deviation 1, by the training set's figures. */
export class Standardize implements DataModule {
  readonly batchSize: number;
  constructor({ batch_size = 32 }: { batch_size?: number }) {
    this.batchSize = batch_size;
  }

  prepare({ train, test }: Parts): Loaders {
    const mean = train[0].mean(0, true);
    const deviation = train[0].variance(0, { keepdim: true }).sqrt();
    const set = ([features, target]: Parts["train"]) => new TensorDataset(features.sub(mean).div(deviation), target);
    return [
      new DataLoader(set(train), { batchSize: this.batchSize, shuffle: true }),
      new DataLoader(set(test), { batchSize: this.batchSize }),
    ];
  }

  info(): Info {
    return { batch_size: this.batchSize };
  }
}
