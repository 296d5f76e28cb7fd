/** Assignments kept on disk, so that they need not be computed at each run. */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { errorCode, makeFolder, messageOf } from "@ml-mosaic/base";
import { readSafetensors, type StateEntry, writeSafetensors } from "@ml-mosaic/tensor";
import { assignFolds, type FoldAssignment } from "./assign-folds.ts";
import { checkFoldOptions, type FoldOptions, numberOfFolds } from "./fold-options.ts";

export interface CacheOptions {
  /** The folder of the files; without it nothing is read or written. */
  readonly indices_path?: string | undefined;
  /** Whether a new assignment is written; an existing one is read in any case. */
  readonly save_indices: boolean;
}

export interface CachedAssignment {
  readonly assignment: FoldAssignment;
  /** Where it came from. */
  readonly origin: "computed" | "read";
  /** The file that was read or written. */
  readonly file?: string | undefined;
  /** What people should be told: a file that is not what it should be, or cannot be written. */
  readonly notices: readonly string[];
}

/**
 * Assigns patches to folds, or reads what was assigned before with the same positions, strategy and sizes. A file that is
 * cut off, changed or of other patches is never used. Several processes may do this at once.
 *
 * @throws BigsfError as `assignFolds` does
 */
export async function assignFoldsCached(
  positions: Int32Array<ArrayBuffer>,
  options: FoldOptions,
  { indices_path: folder, save_indices: save }: CacheOptions,
  mapStarts: readonly number[] = [0],
): Promise<CachedAssignment> {
  const assign = () => assignFolds(positions, options, mapStarts);
  if (folder === undefined) return { assignment: assign(), origin: "computed", notices: [] };
  checkFoldOptions(options);
  const key = keyOf(positions, options, mapStarts);
  const file = join(folder, fileName(key));
  const notices: string[] = [];
  try {
    return { assignment: await readAssignment(file, key, positions.length / 2), origin: "read", file, notices };
  } catch (error) {
    if (!isAbsence(error))
      notices.push(`${file} cannot be used, so that patches are assigned anew: ${messageOf(error)}`);
  }
  const assignment = assign();
  if (!save) return { assignment, origin: "computed", notices };
  try {
    await makeFolder(folder);
    await writeAssignment(file, key, assignment);
  } catch (error) {
    notices.push(`the assignment to folds is not kept: ${messageOf(error)}`);
    return { assignment, origin: "computed", notices };
  }
  return { assignment, origin: "computed", file, notices };
}

/** Whether the file is simply not there. */
function isAbsence(error: unknown): boolean {
  const code = errorCode(error instanceof Error ? error.cause : undefined);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** All that an assignment depends on. */
interface Key {
  readonly format: 1;
  /** SHA-256 of the positions. */
  readonly positions: string;
  /** First patches of the maps, where there are several. */
  readonly maps?: readonly number[] | undefined;
  readonly by?: "map" | undefined;
  readonly type: FoldOptions["type"];
  readonly folds: number;
  readonly area_size: number;
  readonly patch_size: number;
  readonly overlap: number;
  readonly seed?: number | undefined;
}

function keyOf(positions: Int32Array<ArrayBuffer>, options: FoldOptions, mapStarts: readonly number[]): Key {
  const { by, type, area_size, patch_size, overlap, seed } = options;
  return {
    format: 1,
    positions: createHash("sha256").update(positions).digest("hex"),
    ...(mapStarts.length > 1 ? { maps: mapStarts } : {}),
    ...(by === "map" ? { by } : {}),
    type,
    folds: numberOfFolds(options),
    area_size,
    patch_size,
    overlap,
    seed,
  };
}

function fileName({ by, type, folds, area_size, patch_size, overlap, positions, seed }: Key): string {
  const unit = by === "map" ? "_maps" : `_area${area_size}`;
  return `folds_${type}${seed ?? ""}_k${folds}${unit}_patch${patch_size}_overlap${overlap}_${positions.slice(0, 16)}.safetensors`;
}

const names = ["areas", "area_of_patch", "fold_of_area"] as const;
type Arrays = Readonly<Record<(typeof names)[number], Int32Array<ArrayBuffer>>>;

async function writeAssignment(file: string, key: Key, { areas, areaOf, foldOfArea }: FoldAssignment): Promise<void> {
  const arrays: Arrays = { areas, area_of_patch: areaOf, fold_of_area: foldOfArea };
  const tensors = new Map<string, StateEntry>(
    names.map((name) => {
      const data = arrays[name];
      return [name, { data, shape: name === "areas" ? [data.length / 2, 2] : [data.length], dtype: "int32" }];
    }),
  );
  await writeSafetensors(file, tensors, { key: JSON.stringify(key), sha256: digestOf(arrays) });
}

/** @throws Error that says what is wrong with the file */
async function readAssignment(file: string, key: Key, patches: number): Promise<FoldAssignment> {
  const { tensors, metadata } = await readSafetensors(file);
  if (metadata.key !== JSON.stringify(key)) throw new Error("it was written for other patches or sizes");
  const find = (name: string): Int32Array<ArrayBuffer> => {
    const data = tensors.get(name)?.data;
    if (!(data instanceof Int32Array)) throw new Error(`it lacks ${name}`);
    return Int32Array.from(data);
  };
  const arrays: Arrays = {
    areas: find("areas"),
    area_of_patch: find("area_of_patch"),
    fold_of_area: find("fold_of_area"),
  };
  if (metadata.sha256 !== digestOf(arrays) || arrays.area_of_patch.length !== patches)
    throw new Error("its content was changed");
  return {
    areas: arrays.areas,
    areaOf: arrays.area_of_patch,
    foldOfArea: arrays.fold_of_area,
    folds: key.folds,
  };
}

function digestOf(arrays: Arrays): string {
  const hash = createHash("sha256");
  for (const name of names) hash.update(`${name} ${arrays[name].length}\n`).update(arrays[name]);
  return hash.digest("hex");
}
