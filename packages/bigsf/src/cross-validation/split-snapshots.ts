import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { pathExists } from "@ml-mosaic/base";
import { BigsfError } from "../errors.ts";
import type { FoldSnapshot } from "./fold-models.ts";
import { resultNames, splitName, splitPattern } from "./validation-folder.ts";

/**
 * The models of a training on every split, the best epoch of each; none where the path is no such training's.
 *
 * @throws BigsfError `MODEL` where not all of its splits are trained
 */
export async function splitSnapshots(folder: string): Promise<readonly FoldSnapshot[]> {
  if (!(await stat(folder)).isDirectory()) return [];
  const splits = (await readdir(folder)).filter((name) => splitPattern.test(name));
  const found = splits.flatMap((_, split) => {
    const path = bestSnapshot(join(folder, splitName(split)));
    return path === undefined ? [] : [{ split, path }];
  });
  if (splits.length > 0 && (found.length < splits.length || !pathExists(join(folder, resultNames.tests))))
    throw new BigsfError("MODEL", `not all splits in ${folder} are trained; bigsf train-k-fold goes on with them`);
  return found;
}

/** Of the best epoch, or where there is none of the last; undefined without a training. */
export function bestSnapshot(folder: string): string | undefined {
  return ["best", "last"].map((kind) => join(folder, `${kind}.safetensors`)).find(pathExists);
}
