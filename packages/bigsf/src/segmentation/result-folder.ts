import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  errorCode,
  finishStaged,
  makeFolder,
  messageOf,
  pathExists,
  removeUnfinished,
  stagingFolder,
} from "@ml-mosaic/base";
import { BigsfError } from "../errors.ts";

/** The resolved configuration, and what its results were made from. It is there when they are complete. */
export const configName = "config.yaml";

export interface ResultFolderOptions {
  readonly folder: string;
  /** Text of `config.yaml`. Results are the same where it is the same. */
  readonly config: string;
  /** Names of all other files. */
  readonly names: readonly string[];
  /** Whether other results may be replaced. */
  readonly overwrite: boolean;
}

/** Results that are being made. They appear in their folder when all of them are complete. */
export interface PendingResults {
  /** Where to write them meanwhile, on the same disk. */
  readonly staging: string;
  publish(): Promise<void>;
  /** Removes what was not published. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Prepares a folder for results, and makes it where there is none.
 *
 * @returns undefined where they are there already
 * @throws BigsfError `OUTPUT` where the folder has other results and `overwrite` is false
 */
export async function prepareResults(options: ResultFolderOptions): Promise<PendingResults | undefined> {
  const { folder, config, names, overwrite } = options;
  await makeFolder(folder).catch((cause: unknown) => {
    throw new BigsfError("OUTPUT", `the folder ${folder} cannot be made: ${messageOf(cause)}`, { cause });
  });
  await finishStaged(folder, configName);
  const present = presentOf(folder, names);
  const known = await readConfig(folder);
  if (known === config && present.length === names.length) {
    await removeUnfinished(folder);
    return undefined;
  }
  if (!overwrite && (known !== undefined || present.length > 0)) throw otherResults(options, known, present);
  await removeUnfinished(folder);
  const staging = await stagingFolder(folder).catch((cause: unknown) => {
    throw new BigsfError("OUTPUT", `nothing can be written into ${folder}: ${messageOf(cause)}`, { cause });
  });
  return {
    staging: staging.path,
    async publish() {
      await writeFile(join(staging.path, configName), config, { flush: true });
      // Nobody takes a mixture of old and new for results of either configuration.
      await staging.publish({ seal: configName });
    },
    [Symbol.asyncDispose]: () => staging[Symbol.asyncDispose](),
  };
}

function presentOf(folder: string, names: readonly string[]): readonly string[] {
  return names.filter((name) => pathExists(join(folder, name)));
}

async function readConfig(folder: string): Promise<string | undefined> {
  try {
    return await readFile(join(folder, configName), "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw new BigsfError("OUTPUT", `${join(folder, configName)} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function otherResults(
  { folder, config }: ResultFolderOptions,
  known: string | undefined,
  present: readonly string[],
): BigsfError {
  const remedy = "Give another output, or overwrite: true.";
  if (known === undefined)
    return new BigsfError("OUTPUT", `${folder} has ${present.join(" and ")} without a ${configName}. ${remedy}`);
  const lines = new Set(config.split("\n"));
  const different = known.split("\n").filter((line) => line.trim() !== "" && !lines.has(line));
  const shown = different.slice(0, 5).map((line) => `\n  ${line.trim()}`);
  const what =
    different.length === 0
      ? "results of another configuration, or not all of them"
      : `results of another configuration, in which stands:${shown.join("")}\n`;
  return new BigsfError("OUTPUT", `${folder} has ${what}${different.length === 0 ? ". " : ""}${remedy}`);
}
