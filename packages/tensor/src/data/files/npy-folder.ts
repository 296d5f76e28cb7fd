/** .npy files: one, or all of a folder, each an array that is called as its file. */
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { messageOf } from "@ml-mosaic/base";
import { TensorError } from "../../errors.ts";
import { type ByteSource, openBytes } from "./byte-source.ts";
import { type ColumnOptions, type DataFile, missingColumns, namedColumns } from "./data-file.ts";
import { npyColumn } from "./npy.ts";

/** @throws TensorError `TENSOR_FILE` */
export async function openNpy(path: string, { types = {} }: ColumnOptions): Promise<DataFile> {
  const files = new Map((await filesOf(path)).map((file) => [basename(file, ".npy"), file]));
  const opened: ByteSource[] = [];
  return {
    columns(names) {
      const absent = namedColumns(names, types).filter((name) => !files.has(name));
      if (absent.length > 0) throw missingColumns(path, "array", absent, [...files.keys()]);
      return Promise.all(
        names.map(async (name) => {
          const file = files.get(name) ?? path;
          const source = await openBytes(file);
          opened.push(source);
          return npyColumn(name, source, file);
        }),
      );
    },
    async close() {
      await Promise.all(opened.map((source) => source.close()));
    },
  };
}

async function filesOf(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    return (await readdir(path)).filter((name) => name.endsWith(".npy")).map((name) => join(path, name));
  } catch (error) {
    throw new TensorError("TENSOR_FILE", `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
