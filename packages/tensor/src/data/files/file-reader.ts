import { allocate, bytesPerElement, type DType, fromNumbers, type TypedArray, toNumbers } from "../../dtype.ts";
import { elementAt } from "../../element-at.ts";
import { TensorError } from "../../errors.ts";
import type { SampleArray } from "../../program/samples.ts";
import { type Shape, showShape, sizeOf } from "../../shape.ts";
import { BlockCache } from "./block-cache.ts";
import type { Blocks } from "./blocks.ts";
import type { ColumnOptions, DataFile, FileColumn } from "./data-file.ts";
import { openDataFile } from "./open-data-file.ts";

export interface FileReaderOptions extends ColumnOptions {
  /** Names of the arrays or columns that the model gets: "input" unless told otherwise. */
  readonly input?: string | readonly string[];
  /** Those that it is to predict: "output" unless told otherwise; none gives samples without a target. */
  readonly target?: string | readonly string[];
  /** Most bytes of the file that are kept in memory; 64 MiB unless told otherwise. */
  readonly cacheBytes?: number;
}

/** Columns that make up a field: one array, or numbers side by side. */
interface Field {
  readonly columns: readonly FileColumn[];
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Rows side by side in the file are read at once, up to so many bytes. */
const maxRunBytes = 2 ** 22;

/** Reads samples from an open file. */
export class FileReader {
  /** Number of samples. */
  readonly length: number;
  /** The names that numbers stand for, by column. */
  readonly classes: Readonly<Record<string, readonly string[]>>;
  /** Rows that are read together, of the column with the largest: who mixes those mixes the others'. */
  readonly blocks: Blocks | undefined;
  /** How many of them can be mixed with each other in memory. */
  readonly blocksPerWindow: number;
  readonly #file: DataFile;
  readonly #fields: readonly Field[];
  readonly #cache: BlockCache;

  private constructor(file: DataFile, fields: readonly Field[], length: number, cacheBytes: number) {
    this.#file = file;
    this.#fields = fields;
    this.#cache = new BlockCache(cacheBytes);
    const columns = fields.flatMap((field) => field.columns);
    this.length = length;
    this.classes = Object.fromEntries(
      columns.flatMap(({ name, classes }) => (classes.length > 0 ? [[name, classes] as const] : [])),
    );
    const blocks = columns.flatMap((column) =>
      column.blocks !== undefined && column.blocks.count > 1 ? [column.blocks] : [],
    );
    this.blocks = blocks.toSorted((a, b) => a.count - b.count)[0];
    const rowBytes = columns.reduce((sum, { shape, dtype }) => sum + sizeOf(shape) * bytesPerElement[dtype], 0);
    const blockBytes = (rowBytes * length) / (this.blocks?.count ?? 1);
    this.blocksPerWindow = Math.max(2, Math.floor(cacheBytes / 2 / blockBytes));
  }

  /** @throws TensorError that says which columns are missing, of other lengths, or no numbers */
  static async open(path: string, options: FileReaderOptions): Promise<FileReader> {
    const { input = "input", target = "output", types = {}, cacheBytes = 64 * 2 ** 20 } = options;
    const [inputs, targets] = [[input].flat(), [target].flat()];
    if (inputs.length === 0) throw new TensorError("TENSOR_VALUE", `${path}: input names no array or column`);
    const file = await openDataFile(path, options);
    try {
      const names = [...new Set([...inputs, ...targets])];
      const found = (await file.columns(names)).map((column) => asType(path, column, types[column.name]));
      const columns = new Map(found.map((column) => [column.name, column]));
      const pick = (wanted: readonly string[]) => wanted.flatMap((name) => columns.get(name) ?? []);
      const length = commonLength(path, found);
      const fields = [
        ...inputFields(path, pick(inputs), types),
        ...(targets.length === 0 ? [] : [targetField(path, pick(targets))]),
      ];
      return new FileReader(file, fields, length, cacheBytes);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Samples by their numbers: one new array for each field. */
  async read(indices: Int32Array): Promise<readonly SampleArray[]> {
    const columns = [...new Set(this.#fields.flatMap((field) => field.columns))];
    const values = new Map<FileColumn, TypedArray>();
    for (const group of Map.groupBy(columns, ({ blocks }) => blocks).values()) {
      const { blocks } = elementAt(group, 0);
      const targets = group.map((column) => allocate(column.dtype, indices.length * sizeOf(column.shape)));
      for (const [place, column] of group.entries()) values.set(column, elementAt(targets, place));
      if (blocks === undefined) await readRuns(group, targets, indices);
      else await this.#readBlocks(blocks, group, targets, indices);
    }
    return this.#fields.map(({ columns: parts, shape, dtype }) => ({
      data: sideBySide(
        parts.flatMap((part) => values.get(part) ?? []),
        dtype,
        indices.length,
      ),
      shape: [indices.length, ...shape],
      dtype,
    }));
  }

  /** Block after block, so that all columns of one are read before the next. */
  async #readBlocks(
    blocks: Blocks,
    columns: readonly FileColumn[],
    targets: readonly TypedArray[],
    indices: Int32Array,
  ): Promise<void> {
    const positions = Map.groupBy(indices.keys(), (position) => blocks.of(elementAt(indices, position)));
    for (const [block, places] of positions) {
      const [start, end] = blocks.range(block);
      for (const [at, column] of columns.entries()) {
        const values = await this.#cache.get(`${block} ${column.name}`, () => column.read(start, end));
        const width = sizeOf(column.shape);
        const target = elementAt(targets, at);
        for (const place of places)
          copyRows(target, place * width, values, (elementAt(indices, place) - start) * width, width);
      }
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

async function readRuns(
  columns: readonly FileColumn[],
  targets: readonly TypedArray[],
  indices: Int32Array,
): Promise<void> {
  for (const [at, column] of columns.entries()) {
    const width = sizeOf(column.shape);
    const target = elementAt(targets, at);
    const most = Math.max(1, Math.floor(maxRunBytes / Math.max(1, width * target.BYTES_PER_ELEMENT)));
    for (let position = 0; position < indices.length; ) {
      const first = elementAt(indices, position);
      let count = 1;
      while (count < most && indices[position + count] === first + count) count++;
      const values = await column.read(first, first + count);
      copyRows(target, position * width, values, 0, count * width);
      position += count;
    }
  }
}

function copyRows(target: TypedArray, to: number, source: TypedArray, from: number, count: number): void {
  const part = source.subarray(from, from + count);
  if (target instanceof BigInt64Array) {
    if (part instanceof BigInt64Array) target.set(part, to);
  } else if (!(part instanceof BigInt64Array)) target.set(part, to);
}

/** Columns of numbers as the columns of a matrix, in another type where that is asked for. */
function sideBySide(parts: readonly TypedArray[], dtype: DType, rows: number): TypedArray {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return converted(only, dtype);
  const target = new Float32Array(rows * parts.length);
  for (const [column, values] of parts.entries()) {
    for (let row = 0; row < rows; row++) target[row * parts.length + column] = Number(values[row]);
  }
  return target;
}

function converted(values: TypedArray, dtype: DType): TypedArray {
  const isSame = values.constructor === allocate(dtype, 0).constructor;
  return isSame ? values : fromNumbers(dtype, toNumbers(values));
}

function asType(
  path: string,
  column: FileColumn,
  kind: NonNullable<ColumnOptions["types"]>[string] | undefined,
): FileColumn {
  const { name, dtype, classes } = column;
  if (kind === undefined || classes.length > 0 || kind === dtype) return column;
  if (kind !== "float32" && kind !== "int64")
    throw new TensorError(
      "TENSOR_FILE",
      `${path}: ${JSON.stringify(name)} holds ${dtype}, no texts, so that types cannot make classes of it`,
    );
  return { ...column, dtype: kind, read: async (start, end) => converted(await column.read(start, end), kind) };
}

function commonLength(path: string, columns: readonly FileColumn[]): number {
  const [length = 0] = columns.map((column) => column.length);
  if (columns.some((column) => column.length !== length)) {
    const lengths = columns.map((column) => `${JSON.stringify(column.name)} ${column.length}`).join(", ");
    throw new TensorError("TENSOR_SHAPE", `${path}: numbers of samples differ: ${lengths}`);
  }
  if (length === 0) throw new TensorError("TENSOR_SHAPE", `${path} has no samples`);
  return length;
}

/** Arrays are fields of their own; numbers make up one vector, behind them. */
function inputFields(
  path: string,
  columns: readonly FileColumn[],
  types: NonNullable<ColumnOptions["types"]>,
): readonly Field[] {
  const guessed = columns.filter(({ name, classes }) => classes.length > 0 && types[name] === undefined);
  if (guessed.length > 0) {
    const names = guessed.map(({ name }) => JSON.stringify(name)).join(", ");
    throw new TensorError(
      "TENSOR_FILE",
      `${path}: ${names} of input ${guessed.length === 1 ? "has" : "have"} texts, no numbers; where numbers of classes are wanted, types must say "class"`,
    );
  }
  const numbers = columns.filter(({ shape }) => shape.length === 0);
  const arrays = columns.filter(({ shape }) => shape.length > 0);
  return [...arrays.map(fieldOf), ...(numbers.length === 0 ? [] : [vectorOf(numbers)])];
}

/** One column of whole numbers or classes gives scalars, as losses of classes take them. */
function targetField(path: string, columns: readonly FileColumn[]): Field {
  const [only] = columns;
  if (columns.length === 1 && only !== undefined) {
    if (only.shape.length > 0) return fieldOf(only);
    return only.dtype === "float32" ? vectorOf(columns) : { columns, shape: [], dtype: "int64" };
  }
  const array = columns.find(({ shape }) => shape.length > 0);
  if (array === undefined) return vectorOf(columns);
  throw new TensorError(
    "TENSOR_SHAPE",
    `${path}: target names several columns, but ${JSON.stringify(array.name)} holds ${showShape(array.shape)} for each sample; a target is one array, or numbers`,
  );
}

function fieldOf(column: FileColumn): Field {
  return { columns: [column], shape: column.shape, dtype: column.dtype };
}

function vectorOf(columns: readonly FileColumn[]): Field {
  return { columns, shape: [columns.length], dtype: "float32" };
}
