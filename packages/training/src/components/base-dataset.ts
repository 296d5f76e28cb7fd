import { pathToFileURL } from "node:url";
import { type ConfigObject, registeringFile, resolvedConfig, typedConfigurable } from "@ml-mosaic/configurable";
import type { Dataset, DatasetOrigin, Generator, Sample } from "@ml-mosaic/tensor";

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

  /** A thread loads the file that registers the class, which must do no more; there is none where that is the program. */
  get origin(): DatasetOrigin | undefined {
    const file = registeringFile(this);
    if (file === undefined) return undefined;
    const options: RegisteredDataset = { file, config: resolvedConfig(this) };
    return { module: import.meta.url, name: openRegistered.name, options };
  }
}

interface RegisteredDataset {
  /** Registers the class. */
  readonly file: string;
  readonly config: ConfigObject;
}

/** In a thread. */
export async function openRegistered({ file, config }: RegisteredDataset): Promise<BaseDataset> {
  await import(pathToFileURL(file).href);
  return BaseDataset.fromConfig(config);
}
