import { type ConfigObject, typedConfigurable } from "@ml-mosaic/configurable";
import type { Generator, metrics } from "@ml-mosaic/tensor";
import type { AnyLoader } from "../loaders.ts";
import type { BaseLoss } from "./base-loss.ts";
import type { BaseMetric } from "./base-metric.ts";

export interface DataContext {
  /** Which of the splits, counted from 0. */
  readonly split: number;
  readonly batchSize: number;
  /** What is random about preparing the data is drawn from this; it depends on the seed and the split. */
  readonly generator: Generator;
}

/** The data of one split. Samples are two or more tensors: the last is the target, the others are what the model gets. */
export interface DataLoaders {
  readonly train: AnyLoader;
  /** Evaluated after every epoch: it decides on the best epoch and on early stopping. */
  readonly valid: AnyLoader;
  /** Evaluated once, at the end. */
  readonly test?: AnyLoader | undefined;
  /** What the test set consists of, such as maps, of which each is scored by itself too; none where it is one. */
  readonly testParts?: readonly TestPart[] | undefined;
  /** Told of the validation and the test set beside their scores: what these say nothing of. */
  readonly figures?: readonly metrics.Metric[] | undefined;
  /**
   * What must be known of the data to use the trained model on other data, such as how it was normalised; plain values,
   * which snapshots keep as `DATA_INFO`.
   */
  readonly info?: ConfigObject | undefined;
}

export interface TestPart {
  readonly name: string;
  readonly loader: AnyLoader;
}

/** What is to be computed of predictions and targets. */
export interface DataUse {
  /** Undefined where it is no component. */
  readonly loss: BaseLoss | undefined;
  readonly metrics: readonly BaseMetric[];
}

/** Something that cannot be, and where it stands in the options of the trainer. */
export interface DataObjection {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * Where the samples come from: the `data` of an experiment.
 *
 * @example
 * class Sums extends configurable({ size: schema(int, { default: 64 }) }, BaseData) {
 *   static override readonly aliases = ["sums"];
 *   override loaders({ batchSize, generator }: DataContext): DataLoaders {
 *     const x = rand([this.size, 2], { generator });
 *     const samples = new TensorDataset(x, x.sum(1, true));
 *     const train = new DataLoader(samples, { batchSize, shuffle: true });
 *     return { train, valid: new DataLoader(samples, { batchSize }) };
 *   }
 * }
 * register(Sums);
 */
export abstract class BaseData extends typedConfigurable({}) {
  /** Which of a trainer's losses and metrics cannot be had of these samples; asked before anything is constructed. */
  objections(_asked: DataUse): Iterable<DataObjection> {
    return [];
  }

  /** How many splits there are: one, unless models are trained on folds. */
  splitCount(): number | Promise<number> {
    return 1;
  }

  /**
   * Looks whether a split can be trained on, before time is spent; loaders look as well.
   *
   * @throws Error that says what is wrong
   */
  check(_split: number): void | Promise<void> {}

  /** What people should be told of the data before training. */
  notices(): readonly string[] | Promise<readonly string[]> {
    return [];
  }

  abstract loaders(context: DataContext): DataLoaders | Promise<DataLoaders>;

  /** Gives back what loaders hold, such as open files, when their run has ended. `loaders` may be called again. */
  close(): void | Promise<void> {}
}
