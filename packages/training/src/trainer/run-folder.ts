import { readdir, readFile, rm, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  createFile,
  errorCode,
  isPlainObject,
  isRunning,
  makeFolder,
  pathExists,
  removeUnfinished,
  replaceFile,
} from "@ml-mosaic/base";
import { type ConfigObject, readYaml, resolvedConfig, toYaml } from "@ml-mosaic/configurable";
import { TrainingError } from "../errors.ts";
import { logName, testResultsName } from "../trackers/csv.ts";
import { comparable, Experiment } from "./experiment.ts";

/** What to do where the run's folder holds a run already. */
export type Existing = "resume" | "refuse" | "overwrite";

const configName = "config.yaml";
const lockName = "run.lock";
const snapshotPattern = /^(best|last|save_\d+)\.safetensors$/;

/** The files of a run. */
export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get parent(): string {
    return dirname(this.path);
  }

  get name(): string {
    return basename(this.path);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  snapshot(name: string): string {
    return this.file(`${name}.safetensors`);
  }

  /**
   * Makes the folder this run's.
   *
   * @throws TrainingError where it holds another run, or this one and it may not go on
   */
  async claim(config: ConfigObject, existing: Existing): Promise<void> {
    if (existing === "overwrite") await this.clear();
    else if (await this.holdsRun()) this.checkSame(config, await this.#ours(), existing);
  }

  /** What a run leaves that never came to its first snapshot is in nobody's way. */
  async holdsRun(): Promise<boolean> {
    return (await this.#ours()).some((name) => name === logName || snapshotPattern.test(name));
  }

  async writeConfig(config: ConfigObject): Promise<void> {
    await replaceFile(this.file(configName), toYaml(config));
  }

  /**
   * Compares a configuration with the one that lies here.
   *
   * @param files what there is besides, for messages
   * @throws TrainingError where it is another one, or this one and it may not go on
   */
  checkSame(config: ConfigObject, files: readonly string[], existing: Exclude<Existing, "overwrite">): void {
    const ways = "take another run_name or output_dir, or overwrite it";
    if (!pathExists(this.file(configName))) {
      const what = `${this.path} holds ${files.join(", ")} and no ${configName}`;
      throw new TrainingError("TRAINING_FOLDER", `${what}: whose they are is not known; ${ways}`);
    }
    const differing = differences(comparable(config), comparable(this.#writtenConfig()));
    if (differing.length > 0) {
      throw new TrainingError(
        "TRAINING_FOLDER",
        `${this.path} holds a run of another configuration (${differing.join("; ")}); go on with that run from its last.safetensors, ${ways}`,
      );
    }
    if (existing === "refuse")
      throw new TrainingError("TRAINING_FOLDER", `${this.path} holds this run already; let it go on, ${ways}`);
  }

  /** With the defaults of options that there were not when it was written. */
  #writtenConfig(): ConfigObject {
    const { value } = readYaml(this.file(configName));
    const reading = Experiment.readComponent(value, { folder: this.path });
    return reading.ok ? resolvedConfig(reading.value) : value;
  }

  /** Removes what a run writes, and nothing else. */
  async clear(): Promise<void> {
    for (const name of await this.#ours()) await rm(this.file(name), { recursive: true, force: true });
  }

  async #ours(): Promise<readonly string[]> {
    await makeFolder(this.path);
    return (await readdir(this.path)).filter(isOurs);
  }

  /**
   * Keeps other processes from training the same run; what a killed one left half-written is removed.
   *
   * @returns gives the folder free again
   */
  async lock(): Promise<() => Promise<void>> {
    await makeFolder(this.path);
    const path = this.file(lockName);
    const text = JSON.stringify({ pid: process.pid, host: hostname() });
    while (!(await createFile(path, text))) await this.#removeStaleLock(path);
    await removeUnfinished(this.path, "any");
    return () => unlink(path);
  }

  async #removeStaleLock(path: string): Promise<void> {
    const text = await readFile(path, "utf8").catch((error: unknown) => {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    });
    if (text === undefined) return;
    const { pid, host } = lockOf(text);
    if (host === hostname() && pid !== undefined && !isRunning(pid)) return rm(path, { force: true });
    const who = pid === undefined ? "somebody" : `process ${pid} on ${host}`;
    throw new TrainingError(
      "TRAINING_FOLDER",
      `${this.path} is being trained by ${who}; wait for it, or remove ${lockName} if that is not so`,
    );
  }
}

/** Files that a run writes. */
function isOurs(name: string): boolean {
  const own = [configName, logName, testResultsName, "mlflow.json", "tensorboard"];
  return own.includes(name) || snapshotPattern.test(name);
}

/** Options that differ, with both values. */
function differences(mine: unknown, other: unknown, path = ""): readonly string[] {
  if (isDeepStrictEqual(mine, other)) return [];
  if (!isPlainObject(mine) || !isPlainObject(other)) return [`${path} ${show(other)} there, ${show(mine)} here`];
  const names = new Set([...Object.keys(mine), ...Object.keys(other)]);
  return [...names].flatMap((name) => differences(mine[name], other[name], path === "" ? name : `${path}.${name}`));
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function lockOf(text: string): { readonly pid: number | undefined; readonly host: string | undefined } {
  try {
    const { pid, host }: Record<string, unknown> = Object(JSON.parse(text));
    return { pid: typeof pid === "number" ? pid : undefined, host: String(host) };
  } catch (error) {
    // Written to no end by a process that was killed, or is being written.
    if (error instanceof SyntaxError) return { pid: undefined, host: undefined };
    throw error;
  }
}
