/** What a supervisor has for pilots that do not see its folders: the module files as the runs' identities stand for them. */
import { randomUUID } from "node:crypto";
import { constants, existsSync, lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { access, writeFile } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { makeFolder } from "@ml-mosaic/base";
import { type FileDigests, textDigest } from "../modules/user-files.ts";
import { ordersFolder } from "../run/fence.ts";
import type { RunOrder } from "../run/order.ts";
import { fileDigest } from "../run/run-files.ts";
import {
  type CarriedData,
  type CarriedFile,
  type CarriedProject,
  faultOfCode,
  isOfRun,
  type RunFile,
} from "./carried.ts";

/** Of an experiment, what pilots need of it that see nothing of it. */
export interface CarriedExperiment {
  readonly folder: string;
  readonly start: string;
  readonly files: FileDigests;
  readonly filesFolders: readonly string[];
  readonly data: readonly CarriedData[];
  readonly dataRoot: string | undefined;
  /** Versions that bits depend on, where there are Python classes. */
  python(): Promise<string>;
}

export interface Offer {
  readonly project: CarriedProject;
  readonly contents: ReadonlyMap<string, Buffer>;
}

/**
 * Reads the module files, which stay as they are now.
 *
 * @returns why they cannot be sent, where they cannot
 */
export async function makeOffer(experiment: CarriedExperiment): Promise<Offer | string> {
  const { folder, start, files, filesFolders, data, dataRoot } = experiment;
  const contents = new Map<string, Buffer>();
  const code = new Map<string, CarriedFile>();
  const packages: Record<string, string> = {};
  for (const [path, digest] of files) {
    const name = packageOf(path, digest);
    if (name !== undefined) {
      packages[name] = digest;
      continue;
    }
    const content = readFileSync(path);
    if (textDigest(content) !== digest) return `${path} has changed since its runs were planned`;
    for (const each of [path, ...nearestPackage(path)]) await add(each);
  }
  async function add(path: string): Promise<void> {
    if (code.has(path)) return;
    const content = readFileSync(path);
    const digest = textDigest(content);
    const isExecutable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    contents.set(digest, content);
    code.set(path, { path, bytes: content.length, digest, isExecutable });
  }
  const fault = faultOfCode([...code.values()]);
  if (fault !== undefined) return fault;
  const marks: Record<string, string> = {};
  for (const each of filesFolders) marks[each] = await leaveMark(each);
  const hasPython = [...code.keys()].some((path) => path.endsWith(".py"));
  const python = hasPython ? await experiment.python() : null;
  const project = {
    folder,
    start,
    code: [...code.values()],
    packages,
    python,
    marks,
    data,
    dataRoot: dataRoot ?? null,
  };
  return { project, contents };
}

/** Name of a package of which this is the version; undefined for a file of the user's. */
function packageOf(path: string, digest: string): string | undefined {
  if (basename(path) !== "package.json" || /^[0-9a-f]{64}$/.test(digest)) return undefined;
  const parts = dirname(path).split(sep);
  const start = parts.lastIndexOf("node_modules") + 1;
  return parts.slice(start).join("/");
}

/** It says what kind of modules the files are. */
function nearestPackage(path: string): readonly string[] {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const file = join(folder, "package.json");
    if (existsSync(file)) return [file];
    if (folder === dirname(folder)) return [];
  }
}

const markName = "here";

/** Who reads this text in the folder sees the very folder, and no other of its name. */
async function leaveMark(filesFolder: string): Promise<string> {
  const mark = randomUUID();
  await makeFolder(join(filesFolder, ordersFolder));
  await writeFile(join(filesFolder, ordersFolder, markName), mark);
  return mark;
}

export function seesMark(filesFolder: string, mark: string): boolean {
  try {
    return readFileSync(join(filesFolder, ordersFolder, markName), "utf8") === mark;
  } catch {
    return false;
  }
}

export function carriedData(name: string, path: string): CarriedData {
  const entry = statSync(path);
  return { name, path, bytes: entry.isFile() ? entry.size : null };
}

/** What a run that goes on from its snapshot needs of its files; empty where it begins anew. */
export async function filesToGoOnFrom({ runId, filesFolder, earlierEpochs }: RunOrder): Promise<readonly RunFile[]> {
  if (filesFolder === undefined || earlierEpochs === undefined) return [];
  const names = readdirSync(filesFolder).filter((name) => !name.startsWith(".") && isOfRun(name, runId));
  const files: RunFile[] = [];
  for (const name of names.flatMap((each) => filesIn(filesFolder, each))) {
    const path = join(filesFolder, name);
    files.push({ name, bytes: statSync(path).size, digest: await fileDigest(path) });
  }
  return files;
}

/** Of a file its name, of a folder those of all files in it. */
export function filesIn(folder: string, name: string): readonly string[] {
  const entry = lstatSync(join(folder, name));
  if (entry.isFile()) return [name];
  if (!entry.isDirectory()) return [];
  return readdirSync(join(folder, name)).flatMap((inner) => filesIn(folder, `${name}/${inner}`));
}
