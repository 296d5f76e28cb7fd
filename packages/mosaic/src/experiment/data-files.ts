/** Files that options of data modules name. They are no part of a run's identity, but a change between runs is told. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { unquotedText } from "@ml-mosaic/configurable";
import type { Experiment } from "../config/index.ts";
import type { StoreReader } from "../store/index.ts";
import { readExperimentOrigins } from "./experiment-origin.ts";

/** Size and time of each file or folder, by its name as it is written. */
export function readDataFiles({ sections, process, folder }: Experiment): Readonly<Record<string, string>> {
  const names = sections
    .filter(({ type }) => process.dataScheme.includes(type))
    .flatMap(({ options }) => options.flatMap(({ values }) => values.map(unquotedText)))
    // Names of files have one of these, and numbers have no file.
    .filter((text) => /[./]/.test(text) && Number.isNaN(Number(text)));
  const found = [...new Set(names)].flatMap((name) => {
    const stamp = stampOf(resolve(folder, name));
    return stamp === undefined ? [] : [[name, stamp]];
  });
  return Object.fromEntries(found);
}

function stampOf(path: string): string | undefined {
  try {
    const { size, mtime } = statSync(path);
    return `${size} bytes of ${mtime.toISOString()}`;
  } catch {
    // What cannot be read is the data module's to say.
    return undefined;
  }
}

export interface ChangedDataFile {
  readonly name: string;
  /** As they were when runs were queued, the first ones first. */
  readonly stamps: readonly string[];
}

/** Files that were not the same for all calls of which there are runs. */
export async function changedDataFiles(reader: StoreReader): Promise<readonly ChangedDataFile[]> {
  const stamps = new Map<string, Set<string>>();
  for (const { experimentId, dataFiles } of await readExperimentOrigins(reader)) {
    if (dataFiles.size === 0 || (await reader.countByStatus(experimentId)).size === 0) continue;
    for (const [name, stamp] of dataFiles) stamps.set(name, (stamps.get(name) ?? new Set()).add(stamp));
  }
  return Array.from(stamps, ([name, found]) => ({ name, stamps: [...found] })).filter((file) => file.stamps.length > 1);
}
