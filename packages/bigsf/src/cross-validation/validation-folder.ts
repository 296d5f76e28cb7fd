/** The folder of a cross-validation: what it says of all splits, and in `split_<n>` a run of each. */
import { readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { pathExists } from "@ml-mosaic/base";
import type { ConfigObject } from "@ml-mosaic/configurable";
import { type Existing, RunFolder } from "@ml-mosaic/training";
import { BigsfError } from "../errors.ts";

/** Of all splits together. */
export const resultNames = {
  outOfFold: "out_of_fold.fits",
  picture: "out_of_fold.png",
  tests: "test_results.csv",
  summary: "summary.csv",
  /** Of several maps, each of which has an out-of-fold map of its own. */
  maps: "maps.csv",
} as const;

/** The run name of a split, counted from 0. */
export function splitName(split: number): string {
  return `split_${split + 1}`;
}

export const splitPattern = /^split_\d+$/;

/**
 * Makes the folder this cross-validation's and does the work, while no other process may use it.
 *
 * @throws BigsfError, TrainingError where it holds something else, before anything of it is changed
 */
export async function withValidationFolder<T>(
  path: string,
  { config, existing }: { readonly config: ConfigObject; readonly existing: Existing },
  work: () => Promise<T>,
): Promise<T> {
  const folder = new RunFolder(path);
  const unlock = await folder.lock();
  try {
    const names = await readdir(path);
    if (existing === "overwrite") await clear(folder, names);
    else {
      if (await folder.holdsRun()) {
        const remedy = "take another run_name or output_dir, or --overwrite";
        throw new BigsfError("OUTPUT", `${path} holds a run of bigsf train; ${remedy}`);
      }
      const there = names.filter((name) => splitPattern.test(name) || isResult(name));
      if (there.length > 0) folder.checkSame(config, there, existing);
    }
    await folder.writeConfig(config);
    return await work();
  } finally {
    await unlock();
  }
}

/** @throws BigsfError where a cross-validation lies there, whose results a single run would write over */
export async function checkSingle(path: string): Promise<void> {
  if (pathExists(path) && (await readdir(path)).some((name) => splitPattern.test(name))) {
    const remedy = "take another run_name or output_dir";
    throw new BigsfError("OUTPUT", `${path} holds the splits of bigsf train-k-fold; ${remedy}`);
  }
}

/** What calibration has made of the splits is of no use without them. */
function isResult(name: string): boolean {
  const ofMaps = /^out_of_fold_.+\.(?:fits|png)$/;
  return (
    Object.values<string>(resultNames).includes(name) ||
    ofMaps.test(name) ||
    /^calibration\.(?:json|csv|png)$/.test(name)
  );
}

/** Of all splits, so that one that is begun later does not find what was there before. */
async function clear(folder: RunFolder, names: readonly string[]): Promise<void> {
  for (const name of names.filter((each) => splitPattern.test(each))) {
    const split = new RunFolder(folder.file(name));
    const unlock = await split.lock();
    await split.clear().finally(unlock);
    // Files of somebody else stay, and their folder with them.
    if ((await readdir(split.path)).length === 0) await rmdir(split.path);
  }
  for (const name of names.filter(isResult)) await rm(join(folder.path, name), { force: true });
  await folder.clear();
}
