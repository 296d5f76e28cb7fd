import { DataLoader, Generator, randint, randomSplit, TensorDataset } from "@ml-mosaic/tensor";
import type { DataModule, Info, Loaders, RunInfo } from "ml-mosaic";

/** Pairs of random bits and their logical OR. */
export class DatasetOr implements DataModule {
  readonly batchSize: number;
  readonly dataSize: number;
  readonly trainProp: number;

  constructor(options: { batch_size: number; data_size: number; train_prop: number }) {
    this.batchSize = options.batch_size;
    this.dataSize = options.data_size;
    this.trainProp = options.train_prop;
  }

  prepare(_data: unknown, runInfo: RunInfo): Loaders {
    const generator = new Generator(runInfo.seed).stream("data");
    const bits = randint(0, 2, [this.dataSize, 2], { generator, dtype: "float32" });
    const or = bits.max(1, true);
    const dataset = new TensorDataset(bits, or);
    const trainSize = Math.round(this.dataSize * this.trainProp);
    const [train, test] = randomSplit(dataset, [trainSize, this.dataSize - trainSize], { generator });
    return [
      new DataLoader(train, { batchSize: this.batchSize, shuffle: true }),
      new DataLoader(test, { batchSize: this.batchSize }),
    ];
  }

  info(): Info {
    return { batch_size: this.batchSize, input_size: 2, output_size: 1 };
  }
}
