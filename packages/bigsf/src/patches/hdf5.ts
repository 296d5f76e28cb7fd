/**
 * HDF5 through h5wasm, which reads and writes the disk directly: of a data set only what is asked for is in memory. Its
 * calls block.
 */
import { codeOfWords, MachineTrouble, messageOf } from "@ml-mosaic/base";
import h5wasm from "h5wasm/node";
import { BigsfError } from "../errors.ts";

export type Hdf5File = InstanceType<typeof h5wasm.File>;
export type Hdf5Group = InstanceType<typeof h5wasm.Group>;
export type Hdf5Dataset = InstanceType<typeof h5wasm.Dataset>;

let ready: Promise<unknown> | undefined;

/** By default the library prints errors, a full disk among them, and goes on. */
function load(): Promise<unknown> {
  ready ??= h5wasm.ready.then((module) => module.activate_throwing_error_handler());
  return ready;
}

/** @throws BigsfError `OUTPUT` */
export async function createHdf5(path: string): Promise<Hdf5File> {
  await load();
  return tryHdf5("OUTPUT", `${path} cannot be created`, () => new h5wasm.File(path, "w"));
}

/** @throws BigsfError `PATCHES` where there is no such file, it is cut off, or no HDF5 file */
export async function openHdf5(path: string): Promise<Hdf5File> {
  await load();
  return tryHdf5("PATCHES", `${path} cannot be read`, () => new h5wasm.File(path, "r"));
}

/** @returns undefined where there is no group of this name */
export function findGroup(file: Hdf5Group, name: string): Hdf5Group | undefined {
  if (!file.keys().includes(name)) return undefined;
  const found = file.get(name);
  return found instanceof h5wasm.Group ? found : undefined;
}

/** @returns undefined where there is no data set of this name */
export function findDataset(file: Hdf5Group, name: string): Hdf5Dataset | undefined {
  if (!file.keys().includes(name)) return undefined;
  const found = file.get(name);
  return found instanceof h5wasm.Dataset ? found : undefined;
}

/** Does something with a file, and says it in one line when it fails. */
export function tryHdf5<T>(code: "OUTPUT" | "PATCHES", problem: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof BigsfError) throw error;
    if (messageOf(error).includes("native code called abort"))
      throw new BigsfError(code, `${problem}: ${broken.message}.`, { cause: broken });
    const words = systemWordsOf(error);
    const system = words === undefined ? undefined : codeOfWords(words);
    // Errors that the library has no number for, such as of a used-up quota, it tells as this one.
    const isUnknown = words === "Bad file descriptor";
    if (isUnknown) throw new BigsfError(code, `${problem}: ${refused.message}.`, { cause: refused });
    const cause = system === undefined ? error : Object.assign(new Error(words, { cause: error }), { code: system });
    throw new BigsfError(code, `${problem}: ${words ?? reasonOf(error)}.`, { cause });
  }
}

const refused = new MachineTrouble("the system refuses it, as where a quota is used up; make room");

/** Where an error comes while the library clears up behind another one, it ends without saying what it was. */
const broken = new MachineTrouble(
  "the disk fails, or the file is damaged; try again, and make the file anew where that does not help",
);

/** What the system said, where it refused something. */
function systemWordsOf(error: unknown): string | undefined {
  const text = messageOf(error);
  // Of an open file that always can be told, and why not is not said.
  if (text.includes("can't retrieve stat info")) return "I/O error";
  return [...text.matchAll(/error message = '([^']+)'/g)].at(-1)?.[1];
}

/** The library tells where in its sources it failed, outermost first; the last line knows why. */
function reasonOf(error: unknown): string {
  const text = messageOf(error);
  if (text.includes("truncated file")) return "the file is cut off; make it again";
  if (text.includes("signature")) return "it is no HDF5 file";
  const last = [...text.matchAll(/ in \w+\(\): (.+)/g)].at(-1)?.[1];
  return last ?? text.split("\n")[0] ?? text;
}
