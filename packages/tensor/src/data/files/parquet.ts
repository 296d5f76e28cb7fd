/** Parquet through hyparquet, one row group at a time. */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { messageOf } from "@ml-mosaic/base";
import type { Compressors, ParquetScan, SchemaTree } from "hyparquet";
import { allocate, type DType, type TypedArray } from "../../dtype.ts";
import { TensorError } from "../../errors.ts";
import { sizeOf } from "../../shape.ts";
import { wholeOf } from "../csv-column.ts";
import { listedBlocks } from "./blocks.ts";
import { openBytes } from "./byte-source.ts";
import {
  type ColumnOptions,
  checkRows,
  type DataFile,
  type FileColumn,
  missingColumns,
  namedColumns,
} from "./data-file.ts";

/** Most bytes that a page may take unpacked. */
const maxPageBytes = 2 ** 28;
/** What compression makes of a byte at most, with some room. */
const maxRatio = 100_000;
/** Texts of more different values are hardly names of classes. */
const maxClasses = 10_000;

/** @throws TensorError `TENSOR_FILE` */
export async function openParquet(path: string, { types = {}, missing = "refuse" }: ColumnOptions): Promise<DataFile> {
  const source = await openBytes(path);
  const attempt = async <T>(what: string, action: () => T | Promise<T>): Promise<T> => {
    try {
      return await action();
    } catch (error) {
      if (error instanceof TensorError) throw error;
      const codec = /unsupported compression codec: (\w+)/.exec(messageOf(error))?.[1];
      const why =
        codec === undefined
          ? messageOf(error).replace(/^parquet /, "")
          : `it is packed by ${codec}; ${Object.keys(boundedCompressors(() => {})).join(", ")} can be read`;
      throw new TensorError("TENSOR_FILE", `${what} cannot be read: ${why}`, { cause: error });
    }
  };
  const file = {
    byteLength: source.size,
    async slice(start: number, end = source.size) {
      const { buffer } = await source.read(start, Math.max(0, end - start));
      return buffer;
    },
  };
  try {
    const { checkPages } = await import("./parquet-pages.ts");
    const { parquetMetadataAsync, parquetScan, parquetSchema, snappyUncompress } = await import("hyparquet");
    if (source.size < 12)
      throw new TensorError("TENSOR_FILE", `${path} cannot be read: it is too short for a Parquet file`);
    const metadata = await attempt(path, () => parquetMetadataAsync(file));
    const compressors = boundedCompressors(snappyUncompress);
    const scan = await attempt(path, () => parquetScan({ file, metadata, compressors, useOffsetIndex: false }));
    const schema = await attempt(path, () => parquetSchema(metadata).children);
    const starts = [0];
    for (const { num_rows: rows } of metadata.row_groups)
      if (rows > 0n) starts.push((starts.at(-1) ?? 0) + Number(rows));
    const length = starts.at(-1) ?? 0;
    checkRows(path, length);
    if (scan.ranges.length !== starts.length - 1)
      throw new TensorError("TENSOR_FILE", `${path} is damaged: its row groups are empty`);
    const blocks = listedBlocks(starts);
    const checked = new Set<string>();
    // Once for each group of each column.
    const checkedGroup = async (name: string, row: number, what: string) => {
      const group = blocks.of(row);
      const key = `${group} ${name}`;
      if (checked.has(key)) return;
      const root = parquetSchema(metadata);
      const filled = metadata.row_groups.filter((each) => each.num_rows > 0n);
      for (const { meta_data: found } of filled[group]?.columns ?? []) {
        if (found === undefined || found.path_in_schema[0] !== name) continue;
        const start = Number(found.dictionary_page_offset ?? found.data_page_offset);
        const size = Number(found.total_compressed_size);
        if (!(start >= 0 && size >= 0 && start + size <= source.size))
          throw new Error(`${what} lies beyond the file's end`);
        checkPages(await source.read(start, size), {
          metadata: found,
          schemaPath: pathTo(root, found.path_in_schema),
          compressors,
        });
      }
      checked.add(key);
    };
    const column = async (name: string): Promise<FileColumn | undefined> => {
      const tree = schema.find(({ element }) => element.name === name);
      if (tree === undefined) return undefined;
      const what = `${path}: column ${JSON.stringify(name)}`;
      const values = (start: number, end: number) =>
        attempt(what, async () => {
          await checkedGroup(name, start, what);
          const read: ArrayLike<unknown> = await scan.readColumn({ column: name, rowStart: start, rowEnd: end });
          if (read.length !== end - start) throw new Error(`it has ${read.length} values, not ${end - start}`);
          return read;
        });
      const kind = types[name];
      const holds = elementsOf(tree, what);
      if (holds === "text") {
        const classes = Array.isArray(kind) ? kind : await textsOf(what, scan, values);
        const numbers = new Map(classes.map((label, index) => [label, BigInt(index)]));
        return {
          name,
          length,
          shape: [],
          dtype: "int64",
          classes,
          blocks,
          async read(start, end) {
            return BigInt64Array.from(Array.from(await values(start, end)), (value, index) => {
              const number = typeof value === "string" ? numbers.get(value) : undefined;
              if (number !== undefined) return number;
              throw wrong(what, start + index, value, `one of ${classes.slice(0, 20).join(", ")}`);
            });
          },
        };
      }
      const shape = holds.isList ? await lengthOfLists(what, length, values) : [];
      // Whole numbers have none that stands for a missing one.
      const dtype = missing === "nan" && hasNulls(metadata, name) ? "float32" : holds.dtype;
      const width = sizeOf(shape);
      return {
        name,
        length,
        shape,
        dtype,
        classes: [],
        blocks,
        async read(start, end) {
          const rows = await values(start, end);
          const target = allocate(dtype, (end - start) * width);
          for (let row = 0; row < end - start; row++) {
            const items = holds.isList ? rows[row] : [rows[row]];
            if (!isList(items) || items.length !== width)
              throw wrong(what, start + row, items, `a list of ${width} numbers`);
            for (let index = 0; index < width; index++)
              if (!put(target, row * width + index, items[index], missing))
                throw wrong(what, start + row, items[index], "a number");
          }
          return target;
        },
      };
    };
    return {
      async columns(names) {
        const absent = namedColumns(names, types).filter(
          (name) => !schema.some(({ element }) => element.name === name),
        );
        if (absent.length > 0)
          throw missingColumns(
            path,
            "column",
            absent,
            schema.map(({ element }) => element.name),
          );
        const found: FileColumn[] = [];
        for (const name of names) {
          const opened = await column(name);
          if (opened !== undefined) found.push(opened);
        }
        return found;
      },
      close: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

function pathTo(root: SchemaTree, names: readonly string[]): SchemaTree[] {
  const path = [root];
  for (const name of names) {
    const next = path.at(-1)?.children.find(({ element }) => element.name === name);
    if (next === undefined) throw new Error(`its schema has no ${names.join(".")}`);
    path.push(next);
  }
  return path;
}

function wrong(what: string, row: number, value: unknown, wanted: string): TensorError {
  const given =
    value === null || value === undefined
      ? "missing"
      : typeof value === "string"
        ? JSON.stringify(value)
        : Array.isArray(value)
          ? `a list of ${value.length}`
          : String(value);
  const remedy = given === "missing" ? "; missing: nan makes NaN of missing numbers" : "";
  return new TensorError("TENSOR_FILE", `${what}: sample ${row} is ${given}; it must be ${wanted}${remedy}`);
}

function put(target: TypedArray, at: number, value: unknown, missing: "refuse" | "nan"): boolean {
  if (value === null || value === undefined) {
    if (missing === "refuse" || !(target instanceof Float32Array)) return false;
    target[at] = Number.NaN;
  } else if (target instanceof BigInt64Array) {
    const whole = wholeOf(String(value));
    if (whole === undefined) return false;
    target[at] = whole;
  } else if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
    target[at] = Number(value);
  else return false;
  return true;
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

interface Elements {
  readonly dtype: DType;
  readonly isList: boolean;
}

/** What a column is made of. @throws TensorError that names what cannot be read */
function elementsOf(tree: SchemaTree, what: string): Elements | "text" {
  const { element } = tree;
  const isList = element.logical_type?.type === "LIST" || element.converted_type === "LIST";
  const [inner] = tree.children;
  if (isList && inner !== undefined) {
    const leaf = inner.children.length === 1 ? inner.children[0] : inner;
    const elements = leaf === undefined || leaf.children.length > 0 ? "text" : elementsOf(leaf, what);
    if (elements === "text" || elements.isList) throw refused(what, "lists of something else than numbers");
    return { ...elements, isList: true };
  }
  if (tree.children.length > 0) throw refused(what, "records with named fields");
  const { type, converted_type: converted, logical_type: logical } = element;
  if (element.repetition_type === "REPEATED") throw refused(what, "lists of an older form");
  const meaning = logical?.type ?? converted ?? type ?? "nothing";
  switch (meaning) {
    case "STRING":
    case "ENUM":
    case "UTF8":
      return "text";
    case "BOOLEAN":
      return { dtype: "bool", isList: false };
    case "FLOAT":
    case "DOUBLE":
    case "FLOAT16":
    case "DECIMAL":
      return { dtype: "float32", isList: false };
    case "INT32":
    case "INT_8":
    case "INT_16":
    case "INT_32":
      return { dtype: "int32", isList: false };
    case "UINT_8":
      return { dtype: "uint8", isList: false };
    case "UINT_16":
      return { dtype: "int32", isList: false };
    case "INT64":
    case "INT_64":
    case "UINT_32":
    case "UINT_64":
      return { dtype: "int64", isList: false };
    case "INTEGER": {
      if (logical?.type !== "INTEGER") break;
      const { bitWidth, isSigned } = logical;
      if (bitWidth === 8 && !isSigned) return { dtype: "uint8", isList: false };
      return { dtype: bitWidth < 32 || (bitWidth === 32 && isSigned) ? "int32" : "int64", isList: false };
    }
  }
  throw refused(what, `values of type ${meaning}`);
}

function refused(what: string, held: string): TensorError {
  return new TensorError(
    "TENSOR_FILE",
    `${what} holds ${held}; numbers, booleans, texts of classes, and lists of numbers of one length can be read`,
  );
}

async function lengthOfLists(
  what: string,
  length: number,
  values: (start: number, end: number) => Promise<ArrayLike<unknown>>,
): Promise<readonly number[]> {
  if (length === 0) return [0];
  const [first] = Array.from(await values(0, 1));
  if (isList(first)) return [first.length];
  throw wrong(what, 0, first, "a list of numbers");
}

async function textsOf(
  what: string,
  { ranges }: ParquetScan,
  values: (start: number, end: number) => Promise<ArrayLike<unknown>>,
): Promise<readonly string[]> {
  const texts = new Set<string>();
  for (const { rowStart, rowEnd } of ranges) {
    for (const [index, value] of Array.from(await values(rowStart, rowEnd)).entries()) {
      if (typeof value !== "string") throw wrong(what, rowStart + index, value, "the name of a class");
      texts.add(value);
    }
    if (texts.size > maxClasses)
      throw new TensorError("TENSOR_FILE", `${what} has more than ${maxClasses} different texts; are they classes?`);
  }
  return [...texts].sort();
}

/** Whether the file says that values of a column are missing, or does not say it. */
function hasNulls(metadata: ParquetScan["metadata"], name: string): boolean {
  return metadata.row_groups.some(({ columns }) =>
    columns.some(({ meta_data: column }) => column?.path_in_schema[0] === name && column.statistics?.null_count !== 0n),
  );
}

/** What claims more than can be is refused before there is room for it. */
function boundedCompressors(snappy: (input: Uint8Array, output: Uint8Array) => void): Compressors {
  const bounded = (unpack: (input: Uint8Array, size: number) => Uint8Array) => (input: Uint8Array, size: number) => {
    if (size > maxPageBytes || size > maxRatio * (input.length + 1))
      throw new Error(`a page claims to have ${size} bytes; the file is damaged`);
    return unpack(input, size);
  };
  const native = (unpack: (input: Uint8Array, options: { maxOutputLength: number }) => Buffer) =>
    bounded((input, size) => new Uint8Array(unpack(input, { maxOutputLength: Math.max(1, size) })));
  return {
    SNAPPY: bounded((input, size) => {
      const output = new Uint8Array(size);
      snappy(input, output);
      return output;
    }),
    GZIP: native(gunzipSync),
    BROTLI: native(brotliDecompressSync),
    ZSTD: native(zstdDecompressSync),
  };
}
