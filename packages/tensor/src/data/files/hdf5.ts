/** HDF5 through h5wasm, which reads the disk directly. Its calls block. */
import { open } from "node:fs/promises";
import { messageOf } from "@ml-mosaic/base";
import type h5wasm from "h5wasm/node";
import { TensorError } from "../../errors.ts";
import { type StoredType, storedTypes } from "../../io/stored-types.ts";
import { sizeOf } from "../../shape.ts";
import { evenBlocks } from "./blocks.ts";
import {
  type ColumnOptions,
  checkRows,
  type DataFile,
  type FileColumn,
  missingColumns,
  namedColumns,
} from "./data-file.ts";
import { decodeElements } from "./elements.ts";

type Library = typeof h5wasm;
type Dataset = InstanceType<Library["Dataset"]>;
type Group = InstanceType<Library["Group"]>;
type Metadata = Dataset["metadata"];

/** Chunks of more than this are not kept: only the samples asked for are read from them. */
const maxChunkBytes = 64 * 2 ** 20;
const maxNames = 10_000;

/** @throws TensorError `TENSOR_FILE` */
export async function openHdf5(path: string, { types = {} }: ColumnOptions): Promise<DataFile> {
  // Whether there is such a file the system says in better words than the library.
  const handle = await open(path).catch((error: unknown) => {
    throw new TensorError("TENSOR_FILE", `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  });
  await handle.close();
  const { default: library } = await import("h5wasm/node");
  // By default it prints errors, and goes on.
  const module = await library.ready;
  module.activate_throwing_error_handler();
  const attempt = <T>(what: string, action: () => T): T => {
    try {
      return action();
    } catch (error) {
      if (error instanceof TensorError) throw error;
      throw new TensorError("TENSOR_FILE", `${what} cannot be read: ${reasonOf(error)}`, { cause: error });
    }
  };
  const file = attempt(path, () => new library.File(path, "r"));
  let names: readonly string[] | undefined;
  const column = (name: string): FileColumn | undefined => {
    const what = `${path}: data set ${JSON.stringify(name)}`;
    const found = attempt(path, () => findDataset(library, file, name));
    if (found === undefined) return undefined;
    const metadata = attempt(what, () => found.metadata);
    const { shape: sizes, chunks } = metadata;
    const type = elementType(metadata, what);
    const [length, ...shape] = sizes ?? [];
    if (length === undefined)
      throw new TensorError("TENSOR_FILE", `${what} is a single value, not one for each sample`);
    checkRows(what, length);
    const rowBytes = sizeOf(shape) * type.bytes;
    if (!Number.isSafeInteger(length * rowBytes))
      throw new TensorError("TENSOR_FILE", `${what} claims the shape [${sizes?.join(", ")}]`);
    const [rows = 1] = chunks ?? [];
    const isChunked = rows > 1 && rows * rowBytes <= maxChunkBytes && length > 0;
    return {
      name,
      length,
      shape,
      dtype: type.dtype,
      classes: [],
      blocks: isChunked ? evenBlocks(length, rows) : undefined,
      async read(start, end) {
        // The library gives numbers in this machine's order of bytes.
        const bytes = attempt(what, () => {
          const size = (end - start) * rowBytes;
          if (size === 0) return new Uint8Array();
          const pointer = module._malloc(size);
          if (pointer === 0) throw new Error(`there is no room for ${size} bytes`);
          try {
            const count = [end - start, ...shape].map(BigInt);
            const offset = [start, ...shape.map(() => 0)].map(BigInt);
            const steps = count.map(() => 1n);
            module.get_dataset_data(found.file_id, found.path, count, offset, steps, BigInt(pointer));
            return module.HEAPU8.slice(pointer, pointer + size);
          } finally {
            module._free(pointer);
          }
        });
        return attempt(what, () => decodeElements(type, bytes, false));
      },
    };
  };
  return {
    async columns(wanted) {
      const found = wanted.map(column);
      const absent = namedColumns(wanted, types).filter(
        (name) => (found[wanted.indexOf(name)] ?? column(name)) === undefined,
      );
      if (absent.length > 0) {
        names ??= attempt(path, () => datasetNames(library, file));
        throw missingColumns(path, "data set", absent, names);
      }
      return found.flatMap((each) => each ?? []);
    },
    async close() {
      file.close();
    },
  };
}

function findDataset(library: Library, file: Group, name: string): Dataset | undefined {
  let place: Group = file;
  const steps = name.split("/").filter((step) => step !== "");
  for (const [index, step] of steps.entries()) {
    if (!place.keys().includes(step)) return undefined;
    const found = place.get(step);
    if (index === steps.length - 1) return found instanceof library.Dataset ? found : undefined;
    if (!(found instanceof library.Group)) return undefined;
    place = found;
  }
  return undefined;
}

/** Links may lead in circles: a group with the keys of one around it is taken for that one. */
function datasetNames(library: Library, file: Group): readonly string[] {
  const names: string[] = [];
  const visit = (group: Group, prefix: string, around: readonly string[]) => {
    const keys = group.keys();
    const known = keys.join("/");
    if (around.includes(known)) return;
    for (const key of keys) {
      if (names.length >= maxNames) return;
      const found = group.get(key);
      if (found instanceof library.Dataset) names.push(prefix + key);
      else if (found instanceof library.Group) visit(found, `${prefix}${key}/`, [...around, known]);
    }
  };
  visit(file, "", []);
  return names;
}

/** The classes of HDF5's types, by their numbers. */
const integers = 0;
const floats = 1;
const enumerations = 8;
const otherClasses: Readonly<Record<number, string>> = {
  2: "dates",
  3: "texts",
  4: "bits",
  5: "bytes without a meaning",
  6: "records with named fields",
  7: "references",
  9: "lists of different lengths",
  10: "arrays",
};

function elementType({ type, size, signed, vlen, enum_type }: Metadata, what: string): StoredType {
  const bits = 8 * size;
  let name: string | undefined;
  if (vlen) name = undefined;
  else if (type === floats) name = `F${bits}`;
  else if (type === integers) name = `${signed ? "I" : "U"}${bits}`;
  else if (type === enumerations) {
    // What h5py makes of booleans.
    const isBoolean =
      size === 1 &&
      Object.keys(enum_type?.members ?? {})
        .toSorted()
        .join() === "FALSE,TRUE";
    name = isBoolean ? "BOOL" : `${signed ? "I" : "U"}${bits}`;
  }
  const found = storedTypes.get(name ?? "");
  if (found !== undefined) return found;
  const holds = otherClasses[type] ?? `numbers of ${bits} bits`;
  throw new TensorError(
    "TENSOR_FILE",
    `${what} holds ${holds}; booleans, integers and floating-point numbers of up to 64 bits can be read`,
  );
}

/** The library tells where in its sources it failed, outermost first; the last line knows why. */
function reasonOf(error: unknown): string {
  const text = messageOf(error);
  if (text.includes("truncated file")) return "the file is cut off";
  if (text.includes("signature")) return "it is no HDF5 file";
  if (text.includes("required filter"))
    return `it is packed by a filter that is not there (${/name '([^']+)'/.exec(text)?.[1] ?? "unknown"}); gzip and shuffle are`;
  return [...text.matchAll(/ in \w+\(\): (.+)/g)].at(-1)?.[1] ?? text.split("\n")[0] ?? text;
}
