/** Which experiments of this user are running, and which have died: one small file for each `mosaic run`. */
import { randomBytes } from "node:crypto";
import { lstat, readdir, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  currentProcess,
  errorCode,
  isRunning,
  livenessOf,
  type ProcessIdentity,
  pathExists,
  removeUnfinished,
  replaceFile,
} from "@ml-mosaic/base";
import { databaseFile } from "../store/index.ts";
import { controlFolders, makePrivateFolder, ownFolders, requirePrivateFolder } from "./private-folder.ts";

export interface RunningExperiment {
  /** Absolute. */
  readonly database: string;
  /** The configuration file; absolute. */
  readonly configuration: string;
  /** Arguments that changed values of it; none where nothing is said. */
  readonly overrides?: readonly string[];
}

export interface RegisteredExperiment extends RunningExperiment {
  /** Name of its files in the folder, without ending. */
  readonly name: string;
  readonly folder: string;
  readonly process: ProcessIdentity;
  readonly startedAt: Date;
  /** `dead`: it ended without saying so. `unknown`: it is in another container, or the machine has restarted. */
  readonly liveness: "alive" | "dead" | "unknown";
}

export interface Registration {
  readonly folder: string;
  /** For further files of this experiment in the folder. */
  readonly name: string;
  /** To be called at the end. */
  remove(): Promise<void>;
}

const ending = ".json";

/** Makes this process known as the one that runs the experiment, until `remove`; a kill leaves the file behind. */
export async function register(
  experiment: RunningExperiment,
  folders: readonly string[] = controlFolders(),
): Promise<Registration> {
  const [folder] = await ownFolders(folders);
  if (folder === undefined) throw new RangeError("there is no folder to register in");
  const database = databaseFile(experiment.database);
  // Whoever ran it before is dead, or this process could not have taken the database over.
  for (const known of await listExperiments(folders))
    if (known.liveness !== "alive" && known.database === database) await forget(known);
  await makePrivateFolder(folder);
  await sweep(folder);
  const name = `${process.pid}-${randomBytes(4).toString("hex")}`;
  const record = {
    database,
    configuration: resolve(experiment.configuration),
    overrides: experiment.overrides ?? [],
    process: currentProcess(),
    started_at: new Date().toISOString(),
  };
  const path = join(folder, name + ending);
  await replaceFile(path, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  return { folder, name, remove: () => rm(path, { force: true }) };
}

/**
 * The user's experiments, the oldest first. Those of dead processes whose database is gone are of no use any more, and
 * their files are removed.
 */
export async function listExperiments(
  folders: readonly string[] = controlFolders(),
): Promise<readonly RegisteredExperiment[]> {
  const found: RegisteredExperiment[] = [];
  for (const folder of await ownFolders(folders)) {
    if (!(await requirePrivateFolder(folder))) continue;
    for (const file of await readdir(folder)) {
      if (!file.endsWith(ending)) continue;
      const experiment = await readExperimentFile(folder, file);
      if (experiment === undefined) continue;
      if (experiment.liveness === "dead" && !pathExists(experiment.database)) await forget(experiment);
      else found.push(experiment);
    }
  }
  return found.sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
}

/** Removes what a dead process has left. */
export async function forget({ folder, name }: RegisteredExperiment): Promise<void> {
  for (const each of [ending, ".sock"]) await rm(join(folder, name + each), { force: true });
}

/** Sockets and unfinished files of processes that died before they were registered, or after their file was removed. */
async function sweep(folder: string): Promise<void> {
  await removeUnfinished(folder);
  for (const file of await readdir(folder)) {
    const [, name = "", pid = ""] = /^((\d+)-[0-9a-f]{8})\.sock$/.exec(file) ?? [];
    if (name === "" || pathExists(join(folder, name + ending)) || isRunning(Number(pid))) continue;
    await rm(join(folder, file), { force: true });
  }
}

/** undefined for a file that has just been removed, and for one that is not of this program's version. */
async function readExperimentFile(folder: string, file: string): Promise<RegisteredExperiment | undefined> {
  let text: string;
  try {
    // Reading a pipe would wait for a writer without end.
    if (!(await lstat(join(folder, file))).isFile()) return undefined;
    text = await readFile(join(folder, file), "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  const record = parseRecord(text);
  if (record === undefined) return undefined;
  const { process } = record;
  const name = file.slice(0, -ending.length);
  return { ...record, name, folder, liveness: livenessOf(process) };
}

type ExperimentFile = RunningExperiment & Pick<RegisteredExperiment, "process" | "startedAt">;

function parseRecord(text: string): ExperimentFile | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // A power failure may leave an empty file.
    return undefined;
  }
  const { database, configuration, overrides, process, started_at }: { readonly [name: string]: unknown } =
    Object(json);
  const { pid, started, scope }: { readonly [name: string]: unknown } = Object(process);
  if (typeof database !== "string" || typeof configuration !== "string") return undefined;
  if (typeof pid !== "number" || typeof started !== "string" || typeof scope !== "string") return undefined;
  const startedAt = new Date(String(started_at));
  if (Number.isNaN(startedAt.getTime())) return undefined;
  const changes = Array.isArray(overrides) ? overrides.map(String) : [];
  return { database, configuration, overrides: changes, process: { pid, started, scope }, startedAt };
}
