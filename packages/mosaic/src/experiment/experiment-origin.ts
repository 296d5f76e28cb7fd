import { basename, dirname, join, relative, resolve } from "node:path";
import { pathExists } from "@ml-mosaic/base";
import type { Places } from "../config/index.ts";
import { programClass } from "../program/options.ts";
import type { ExperimentRecord, StoreReader } from "../store/index.ts";
import type { ModuleDigests } from "./identity.ts";

/** Where an experiment came from, as `enqueueRuns` has recorded it. */
export interface ExperimentOrigin {
  readonly experimentId: number;
  /** Absolute. */
  readonly configurationFile: string;
  readonly folder: string;
  /** Absolute; where the command was started. */
  readonly start: string;
  /** Arguments such as `PROCESS.lr=1e-3` that changed values of it. */
  readonly overrides: readonly string[];
  readonly engineVersion: string;
  /** Digests of the modules' texts, by `path_to_class`; empty where they were not recorded. */
  readonly modules: ModuleDigests;
  /** Sizes and times of files that data modules were told to read, by their names: several where runs have gone on. */
  readonly dataFiles: ReadonlyMap<string, readonly string[]>;
  /** Facts about the machine, by name. */
  readonly machine: Readonly<Record<string, string>>;
  readonly createdAt: Date;
  /** Whether the identities of its runs are made as now; those of before were more of what was written. */
  readonly isByMeaning: boolean;
}

/** What the record of an experiment says of the identities of its runs. */
export const identitiesNow = "by meaning in all languages";

/** Before, what a class in Python says by default counted where it was written out, and all of [PROCESS] for programs. */
const ofTypeScript = "by meaning";
const isOther = (name: string) => name.endsWith(".py") || name.startsWith(`${programClass}: `);

/** Of all experiments, the oldest first; none in a database of the original Mosaic. */
export async function readExperimentOrigins(reader: StoreReader): Promise<readonly ExperimentOrigin[]> {
  return (await reader.experiments()).map((experiment) => originOf(experiment, reader.location));
}

/**
 * How a project's folder is recorded: its path, and from the database, since both are moved together; and from it, where the
 * command was started.
 */
export function folderRecord({ folder, start }: Places, database: string): Readonly<Record<string, string>> {
  return { folder, folder_from_database: relative(dirname(database), folder), start: relative(folder, start) };
}

/**
 * Where the configuration file lies now, of where it may lie; where it is nowhere, the folder as recorded, or if that is gone
 * the one that lies to the database as it did.
 */
function folderNow(fields: Readonly<Record<string, unknown>>, database: string): string {
  const { file, folder, folder_from_database: fromDatabase } = fields;
  if (folder === undefined) return "";
  const beside = (path: unknown) => resolve(dirname(database), String(path));
  // Earlier versions recorded the path alone.
  const places = fromDatabase === undefined ? [String(folder), beside("")] : [beside(fromDatabase), String(folder)];
  const holding = places.find((place) => pathExists(join(place, basename(String(file)))));
  return holding ?? [String(folder), ...places].find((place) => pathExists(place)) ?? String(folder);
}

function originOf(
  { experimentId, configuration, engineVersion, machineJson, createdAt }: ExperimentRecord,
  database: string,
): ExperimentOrigin {
  const fields = fieldsOf(configuration);
  const { file, start, modules, identities, overrides, data_files: dataFiles } = fields;
  const directory = folderNow(fields, database);
  const facts = Object.entries(fieldsOf(machineJson)).map(([name, value]) => [name, String(value)]);
  const machine: Readonly<Record<string, string>> = Object.fromEntries(facts);
  const configurationFile = file === undefined ? "" : join(directory, basename(String(file)));
  return {
    experimentId,
    configurationFile,
    folder: directory,
    start: resolve(directory, String(start ?? "")),
    overrides: Array.isArray(overrides) ? overrides.map(String) : [],
    engineVersion,
    machine,
    modules: textsOf(modules),
    dataFiles: new Map(Object.entries(Object(dataFiles)).map(([name, stamps]) => [name, [stamps].flat().map(String)])),
    createdAt,
    isByMeaning:
      identities === identitiesNow || (identities === ofTypeScript && !Object.keys(Object(modules)).some(isOther)),
  };
}

/** Nothing where the text, which another program may have written, is no JSON object. */
function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function textsOf(value: unknown): ReadonlyMap<string, string> {
  return new Map(Object.entries(Object(value)).map(([name, text]) => [name, String(text)]));
}
