import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { TensorError } from "../../errors.ts";
import type { ColumnOptions, DataFile } from "./data-file.ts";

type Open = (path: string, options: ColumnOptions) => Promise<DataFile>;

// What reads a format is loaded when it is first needed.
const csv: Open = async (path, options) => (await import("./csv-file.ts")).openCsv(path, options);
const hdf5: Open = async (path, options) => (await import("./hdf5.ts")).openHdf5(path, options);
const npy: Open = async (path, options) => (await import("./npy-folder.ts")).openNpy(path, options);
const openers: Readonly<Record<string, Open>> = {
  ".npy": npy,
  ".npz": async (path, options) => (await import("./npz.ts")).openNpz(path, options),
  ".h5": hdf5,
  ".hdf5": hdf5,
  ".he5": hdf5,
  ".parquet": async (path, options) => (await import("./parquet.ts")).openParquet(path, options),
  ".csv": csv,
  ".tsv": csv,
};

/** Opens a file by the ending of its name; a folder is one of .npy files. */
export async function openDataFile(path: string, options: ColumnOptions): Promise<DataFile> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const open = isFolder ? npy : openers[extname(path).toLowerCase()];
  if (open !== undefined) return open(path, options);
  throw new TensorError(
    "TENSOR_FILE",
    `${path}: nothing is known that reads such a file; its name must end in ${Object.keys(openers).join(", ")}, or it is a folder of .npy files`,
  );
}
