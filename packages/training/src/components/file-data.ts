/** Files of arrays and tables as the `data` of an experiment. */
import { pathExists } from "@ml-mosaic/base";
import {
  boolean,
  configurable,
  float,
  type Infer,
  list,
  literal,
  map,
  type Objection,
  path,
  register,
  schema,
  string,
  type Type,
  union,
  within,
} from "@ml-mosaic/configurable";
import { DataLoader, type Dataset, FileDataset, type FileDatasetOptions, Subset } from "@ml-mosaic/tensor";
import { BaseData, type DataContext, type DataLoaders } from "./base-data.ts";
import { sampleThreads, threadOptions } from "./reading-threads.ts";

/** Looked for while options are read, so that a missing one is told with all that is wrong elsewhere. */
const dataFile: Type<string> = {
  ...path,
  read(value, options) {
    const reading = path.read(value, options);
    if (!reading.ok || pathExists(reading.value)) return reading;
    return { ok: false, problems: [{ kind: "precondition", path: [], message: `there is no file ${reading.value}` }] };
  },
};

const part = union(within(float, { exclusiveMinimum: 0, exclusiveMaximum: 1 }), dataFile);

const options = {
  path: schema(dataFile, {
    help: "`.npy` (also a folder of them), `.npz`, `.h5`, `.hdf5`, `.parquet`, `.csv` or `.tsv`: one row for each sample",
  }),
  input: schema(list(string), {
    default: ["input"],
    help: "Arrays or columns that the model gets; columns of numbers make up one vector",
  }),
  target: schema(list(string), {
    default: ["output"],
    help: "What it is to predict: one array, or columns of numbers",
  }),
  types: schema(map(union(literal("float32", "int64", "class"), list(string))), {
    default: {},
    help: "By column, what to read it as; class numbers its texts, a list of names in its own order",
  }),
  delimiter: schema(string, { optional: true, help: "Between the fields of a line: `,`, in `.tsv` files a tab" }),
  missing: schema(literal("refuse", "nan"), { default: "refuse", help: "What becomes of missing numbers of a table" }),
  valid: schema(part, { default: 0.2, help: "Share of the samples for the validation set, or a file with it" }),
  test: schema(part, { optional: true, help: "The same for the test set" }),
  split: schema(literal("random", "ordered"), {
    default: "random",
    help: "How shares are taken: at random, by the seed; or the last samples for test, those before for valid",
  }),
  shuffle: schema(boolean, { default: true, help: "A new order of the train set in each epoch" }),
  ...threadOptions(0),
};

/** Samples from a file, which need not fit into memory; or from one for each set. */
export class FileData extends configurable(options, BaseData) {
  static override readonly aliases = ["file"];

  readonly #threads = sampleThreads(this);
  readonly #opened: FileDataset[] = [];

  override *preconditions(): Iterable<Objection> {
    yield* shareObjections(this);
  }

  /** @throws TensorError that names the file, and what is wrong with it */
  override async loaders({ batchSize, generator }: DataContext): Promise<DataLoaders> {
    const whole = await this.#open(this.path, this.types);
    // A number is one class in all files.
    const types = { ...this.types, ...whole.classes };
    const numbers = Int32Array.from({ length: whole.length }, (_, index) => index);
    const order = this.split === "random" ? generator.permutation(whole.length) : numbers;
    const shares = { valid: shareOf(this.valid), test: shareOf(this.test) };
    const testStart = whole.length - Math.round(shares.test * whole.length);
    const validStart = testStart - Math.round(shares.valid * whole.length);
    // In the order of the file, which is read from its beginning to its end.
    const share = (from: number, to: number) => new Subset(whole, order.slice(from, to).sort());
    const use = { batchSize, threads: this.#threads };
    const set = async (given: string | number | undefined, from: number, to: number): Promise<Dataset | undefined> =>
      given === undefined ? undefined : typeof given === "number" ? share(from, to) : this.#open(given, types);
    const valid = await set(this.valid, validStart, testStart);
    const test = await set(this.test, testStart, whole.length);
    const train = validStart === whole.length ? whole : share(0, validStart);
    return {
      train: new DataLoader<Dataset>(train, { ...use, shuffle: this.shuffle }),
      valid: new DataLoader<Dataset>(valid ?? whole, use),
      test: test && new DataLoader<Dataset>(test, use),
      info: { classes: whole.classes },
    };
  }

  async #open(file: string, types: NonNullable<FileDatasetOptions["types"]>): Promise<FileDataset> {
    const { input, target, delimiter, missing } = this;
    const dataset = await FileDataset.open(file, { input, target, types, delimiter, missing });
    this.#opened.push(dataset);
    return dataset;
  }

  override async close(): Promise<void> {
    await this.#threads.close();
    await Promise.all(this.#opened.splice(0).map((dataset) => dataset.close()));
  }
}
register(FileData);

function shareOf(given: string | number | undefined): number {
  return typeof given === "number" ? given : 0;
}

function* shareObjections({ valid, test }: Infer<typeof options>): Iterable<Objection> {
  const taken = shareOf(valid) + shareOf(test);
  if (taken >= 1)
    yield { option: "valid", message: `valid and test take ${taken} of the samples; nothing is left to train on` };
}
