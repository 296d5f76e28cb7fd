import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fromArray } from "../creation.ts";
import { TensorError } from "../errors.ts";
import { checkNumber } from "../optim/checks.ts";
import { defaultGenerator, type Generator } from "../random/generator.ts";
import type { Dataset, Sample } from "./dataset.ts";
import { type ImageOptions, readImage } from "./image.ts";
import type { DatasetOrigin } from "./threads/thread-messages.ts";

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
 * const images = await ImageFolder.open("pets", { size: [64, 64] });
 * const loader = new DataLoader(images, { batchSize: 32, shuffle: true, numWorkers: 2 });
 * await loader.close(); // when nothing more is read
 */
export class ImageFolder implements Dataset {
  /** Names of the folders, sorted: a class's number is its place. */
  readonly classes: readonly string[];
  readonly files: readonly LabelledFile[];
  readonly length: number;
  readonly origin: DatasetOrigin;
  readonly #listed: Dataset;

  private constructor(classes: readonly string[], files: readonly LabelledFile[], options: ImageOptions) {
    const listed: ListedImages = { files, images: options };
    this.origin = { module: import.meta.url, name: listedImages.name, options: listed };
    this.#listed = listedImages(listed);
    this.classes = classes;
    this.files = files;
    this.length = files.length;
  }

  /**
   * Lists the images (.png, .jpg, .jpeg) of all class folders, in the order of their paths.
   *
   * @throws TensorError if there are no class folders, or some without images
   */
  static async open(folder: string, options: ImageOptions = {}): Promise<ImageFolder> {
    const { size = [1, 1], maxPixels = 1 } = options;
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

  get(index: number, generator: Generator = defaultGenerator()): Sample | Promise<Sample> {
    return this.#listed.get(index, generator);
  }
}

interface ListedImages {
  readonly files: readonly LabelledFile[];
  readonly images: ImageOptions;
}

/** The images of a folder that was listed before, in any thread. */
export function listedImages({ files, images }: ListedImages): Dataset {
  return {
    length: files.length,
    async get(index) {
      const file = files[index];
      if (file === undefined) {
        const what = `ImageFolder: index ${index} is outside the data set of ${files.length} samples`;
        throw new TensorError("TENSOR_VALUE", what);
      }
      const { data, shape } = await readImage(file.path, images);
      return [fromArray(data, shape), fromArray(BigInt64Array.of(BigInt(file.label)), [])];
    },
  };
}

async function imagesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(png|jpe?g)$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
