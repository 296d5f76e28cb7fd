/** Files that options of data modules name. They are no part of a run's identity, but a change between runs is told. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { unquotedText } from "@ml-mosaic/configurable";
import type { Experiment } from "../config/index.ts";
import { processParams, stagesOf } from "../pipelines/run-params.ts";
import type { RunRecord, StoreReader } from "../store/index.ts";
import { type ExperimentOrigin, readExperimentOrigins } from "./experiment-origin.ts";

/** Size and time of each file or folder, by its name as it is written. */
export type DataFiles = ReadonlyMap<string, string>;

export function readDataFiles({ sections, process, folder }: Experiment): DataFiles {
  const texts = sections
    .filter(({ type }) => process.dataScheme.includes(type))
    .flatMap(({ options }) => options.flatMap(({ values }) => values));
  return stampsOf(texts, folder);
}

/** The same of runs that are there. */
export async function dataFilesOf(runs: AsyncIterable<RunRecord>, folder: string): Promise<DataFiles> {
  const texts = new Set<string>();
  for await (const { pipeline, params } of runs) {
    if (pipeline === undefined) continue;
    for (const { options } of stagesOf(pipeline, processParams(pipeline, params)).data)
      for (const text of Object.values(options)) texts.add(text);
  }
  return stampsOf(texts, folder);
}

/** @param texts values of options, some of which may name files */
function stampsOf(texts: Iterable<string>, folder: string): DataFiles {
  // Names of files have one of these, and numbers have no file.
  const names = Array.from(texts, unquotedText).filter((text) => /[./]/.test(text) && Number.isNaN(Number(text)));
  const stamps = new Map<string, string>();
  for (const name of new Set(names)) {
    const stamp = stampOf(resolve(folder, name));
    if (stamp !== undefined) stamps.set(name, stamp);
  }
  return stamps;
}

/** What the record of an experiment says of them: of runs that go on also what they had before. */
export function dataFilesRecord(
  now: DataFiles,
  earlier: readonly ExperimentOrigin[] = [],
): Readonly<Record<string, unknown>> {
  const stamps = Array.from(now, ([name, stamp]) => {
    const before = earlier.flatMap(({ dataFiles }) => dataFiles.get(name) ?? []);
    return [name, [...new Set([...before, stamp])]] as const;
  });
  return stamps.length === 0 ? {} : { data_files: Object.fromEntries(stamps) };
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
    for (const [name, found] of dataFiles)
      for (const stamp of found) stamps.set(name, (stamps.get(name) ?? new Set()).add(stamp));
  }
  return Array.from(stamps, ([name, found]) => ({ name, stamps: [...found] })).filter((file) => file.stamps.length > 1);
}
