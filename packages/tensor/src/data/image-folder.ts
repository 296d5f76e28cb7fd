import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fromArray } from "../creation.ts";
import { TensorError } from "../errors.ts";
import { checkNumber } from "../optim/checks.ts";
import type { Dataset, Sample } from "./dataset.ts";
import { type ImageOptions, readImage } from "./image.ts";
import { ImageWorkers } from "./image-workers.ts";

export interface ImageFolderOptions extends ImageOptions {
  /** Threads that read and decode, while this one waits for the device; 0 does it in this one. */
  readonly workers?: number;
}

/** One image and the number of its class. */
export interface LabelledFile {
  readonly path: string;
  readonly label: number;
}

/**
 * Images in one folder for each class, read when they are asked for: [channels, height, width] from 0 to 1, and the
 * class as an int64 scalar.
 *
 * @example
 * const images = await ImageFolder.open("pets", { size: [64, 64], workers: 2 });
 * const loader = new DataLoader(images, { batchSize: 32, shuffle: true });
 * await images.close(); // when nothing more is read
 */
export class ImageFolder implements Dataset {
  /** Names of the folders, sorted: a class's number is its place. */
  readonly classes: readonly string[];
  readonly files: readonly LabelledFile[];
  readonly length: number;
  readonly #options: ImageOptions;
  readonly #workers: ImageWorkers | undefined;

  private constructor(classes: readonly string[], files: readonly LabelledFile[], options: ImageFolderOptions) {
    const { workers = 0, ...imageOptions } = options;
    this.classes = classes;
    this.files = files;
    this.length = files.length;
    this.#options = imageOptions;
    this.#workers = workers === 0 ? undefined : new ImageWorkers(workers);
  }

  /**
   * Lists the images (.png, .jpg, .jpeg) of all class folders, in the order of their paths.
   *
   * @throws TensorError if there are no class folders, or some without images
   */
  static async open(folder: string, options: ImageFolderOptions = {}): Promise<ImageFolder> {
    const { workers = 0, size = [1, 1], maxPixels = 1 } = options;
    checkNumber(
      "ImageFolder",
      "workers",
      workers,
      Number.isInteger(workers) && workers >= 0,
      "a whole number, 0 or more",
    );
    for (const length of size)
      checkNumber("ImageFolder", "size", length, Number.isInteger(length) && length > 0, "two whole numbers above 0");
    checkNumber("ImageFolder", "maxPixels", maxPixels, maxPixels >= 1, "a number, 1 or more");
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
      throw new TensorError("TENSOR_FILE", `ImageFolder: ${folder} cannot be read`, { cause: error });
    });
    const classes = entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
    if (classes.length === 0) {
      throw new TensorError(
        "TENSOR_FILE",
        `ImageFolder: ${folder} has no folders; the images of each class belong in one, as in ${join(folder, "cats", "1.png")}`,
      );
    }
    const lists = await Promise.all(classes.map((name) => imagesOf(join(folder, name))));
    const empty = classes.filter((_, label) => lists[label]?.length === 0);
    if (empty.length > 0) {
      throw new TensorError(
        "TENSOR_FILE",
        `ImageFolder: no .png, .jpg or .jpeg file is in ${empty.map((name) => join(folder, name)).join(", ")}`,
      );
    }
    const files = lists.flatMap((paths, label) => paths.map((path): LabelledFile => ({ path, label })));
    return new ImageFolder(classes, files, options);
  }

  async get(index: number): Promise<Sample> {
    const file = this.files[index];
    if (file === undefined) {
      throw new TensorError(
        "TENSOR_VALUE",
        `ImageFolder: index ${index} is outside the data set of ${this.length} samples`,
      );
    }
    const { path, label } = file;
    const { data, shape } = await (this.#workers?.read(path, this.#options) ?? readImage(path, this.#options));
    return [fromArray(data, shape), fromArray(BigInt64Array.of(BigInt(label)), [])];
  }

  /** Ends the threads; afterwards nothing can be read with them. */
  async close(): Promise<void> {
    await this.#workers?.close();
  }
}

async function imagesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(png|jpe?g)$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
