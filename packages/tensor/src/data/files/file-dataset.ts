import { elementAt } from "../../element-at.ts";
import { TensorError } from "../../errors.ts";
import type { SampleArray } from "../../program/samples.ts";
import { constant } from "../../tensor.ts";
import type { Dataset, Sample } from "../dataset.ts";
import type { DatasetOrigin } from "../threads/thread-messages.ts";
import { windowedOrder } from "../windowed-order.ts";
import { FileReader, type FileReaderOptions } from "./file-reader.ts";

export type FileDatasetOptions = FileReaderOptions;

interface FileOrigin {
  readonly path: string;
  readonly options: FileDatasetOptions;
}

/** In any thread: the data set with a file of its own open. */
export function openFileDataset({ path, options }: FileOrigin): Promise<FileDataset> {
  return FileDataset.open(path, options);
}

/**
 * Samples of a file that need not fit into memory: `.npy` (one file, or a folder of them), `.npz`, HDF5, Parquet, CSV, by
 * the ending of its name. Each array or column that `input` and `target` name has a row for each sample. An array is a
 * field of its own; columns of numbers make up one vector of float32; a target of whole numbers or texts is the int64
 * number of a class.
 *
 * @example
 * const dataset = await FileDataset.open("train.h5", { input: "input", target: "output" });
 * const loader = new DataLoader(dataset, { batchSize: 32, shuffle: true, numWorkers: 1 });
 * await loader.close();
 * await dataset.close(); // when nothing more is read
 */
export class FileDataset implements Dataset {
  readonly path: string;
  readonly length: number;
  /** The names that numbers stand for, by column. */
  readonly classes: Readonly<Record<string, readonly string[]>>;
  readonly origin: DatasetOrigin;
  readonly shuffled: Dataset["shuffled"];
  readonly #reader: FileReader;

  private constructor({ path, options }: FileOrigin, reader: FileReader) {
    this.path = path;
    this.length = reader.length;
    this.classes = reader.classes;
    this.origin = { module: import.meta.url, name: openFileDataset.name, options: { path, options } };
    this.#reader = reader;
    const { blocks, blocksPerWindow, length } = reader;
    if (blocks === undefined) return;
    // What is read together comes near each other, so that it is read but once.
    this.shuffled = (generator) => {
      const regionOf = new Int32Array(length);
      for (let block = 0; block < blocks.count; block++) regionOf.fill(block, ...blocks.range(block));
      return windowedOrder({ regionOf, regionsPerWindow: blocksPerWindow, generator });
    };
  }

  /** @throws TensorError `TENSOR_FILE` that names the file, what is wrong with it, and what it has */
  static async open(path: string, options: FileDatasetOptions = {}): Promise<FileDataset> {
    return new FileDataset({ path, options }, await FileReader.open(path, options));
  }

  async get(index: number): Promise<Sample> {
    const fields = await this.getMany(Int32Array.of(index));
    return fields.map(({ data, shape, dtype }) => constant(data, shape.slice(1), dtype));
  }

  async getMany(indices: Int32Array): Promise<readonly SampleArray[]> {
    const wrong = indices.findIndex((index) => index < 0 || index >= this.length);
    if (wrong < 0) return this.#reader.read(indices);
    const message = `${this.path}: sample ${elementAt(indices, wrong)} is outside the data set of ${this.length} samples`;
    throw new TensorError("TENSOR_VALUE", message);
  }

  /** Closes the file. */
  close(): Promise<void> {
    return this.#reader.close();
  }
}
