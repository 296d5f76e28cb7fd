/**
 * A folder of a pilot's own that stands for the supervisor's machine where nothing is shared: module files and data lie there
 * as they lie to each other on the supervisor's, and packages are those of the pilot's installation.
 */
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, statSync, symlinkSync } from "node:fs";
import { dirname, isAbsolute, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { MosaicError } from "../errors.ts";
import { pythonCommand } from "../languages/python/ask-python.ts";
import { findInterpreter } from "../languages/python/interpreter.ts";
import { installedPackage } from "../modules/package-version.ts";
import type { RunOrder } from "../run/order.ts";
import type { WorkerProgram } from "../supervisor/spawned-worker.ts";
import { typescriptWorker } from "../supervisor/typescript-worker.ts";
import { type CarriedProject, faultOfCode } from "./carried.ts";
import type { FileExchange } from "./file-exchange.ts";

export interface PlaceOptions {
  /** Where on this machine the data lies; undefined: where it lies on the supervisor's. */
  readonly dataRoot: string | undefined;
  /** The interpreter of Python classes; undefined: that of the environment. */
  readonly python: string | undefined;
}

export interface CarriedPlace {
  /** @param program null for TypeScript */
  program(program: WorkerProgram | null): WorkerProgram;
  /** @param filesFolder where its worker writes files; undefined: none */
  order(order: RunOrder, filesFolder: string | undefined): RunOrder;
  /** What its worker says, with the paths of the supervisor's machine. */
  told(text: string): string;
}

/**
 * Fetches the module files, and finds all else that the runs need.
 *
 * @param root a folder for it that is not there yet
 * @throws MosaicError that says what is missing here, and what to do
 */
export async function makeCarriedPlace(
  root: string,
  project: CarriedProject,
  exchange: FileExchange,
  options: PlaceOptions,
): Promise<CarriedPlace> {
  const fault = faultOfCode(project.code);
  if (fault !== undefined) throw new MosaicError("BAD_TRANSFER", fault);
  mkdirSync(root, { mode: 0o700 });
  const at = (path: string) => join(root, path);
  for (const { path, isExecutable, ...mark } of project.code) {
    mkdirSync(dirname(at(path)), { recursive: true });
    await exchange.fetch(mark, at(path));
    if (isExecutable) chmodSync(at(path), 0o700);
  }
  for (const folder of [project.folder, project.start]) mkdirSync(at(folder), { recursive: true });
  linkPackages(root);
  linkData(at, project, options);
  const packages = packagesHere(at, project);
  const code = new Set(project.code.map(({ path }) => path));
  const files = { ...Object.fromEntries(project.code.map(({ path, digest }) => [at(path), digest])), ...packages };
  const command = project.python === null ? undefined : await interpreterHere(project.python, options.python);
  const mapped = (value: unknown): unknown => {
    if (typeof value === "string") return code.has(value) ? at(value) : value;
    if (Array.isArray(value)) return value.map(mapped);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mapped(each)]));
  };
  return {
    program(program) {
      // Where it would work on the supervisor's machine.
      const worker = program === null || command === undefined ? typescriptWorker : pythonCommand(command);
      return { ...worker, folder: at(project.start) };
    },
    order({ fence, ...order }, filesFolder) {
      const { pipeline, process } = order;
      const modules = pipeline.modules.map((module) => ({ ...module, path: String(mapped(module.path)) }));
      // A Python worker is told more, among it where its classes are.
      const told = Object.fromEntries(
        Object.entries(order).map(([name, value]) => [name, name === "earlierEpochs" ? value : mapped(value)]),
      );
      return {
        ...order,
        ...told,
        pipeline: { ...pipeline, modules },
        process: Object.fromEntries(Object.entries(process).map(([name, text]) => [name, String(mapped(text))])),
        folder: at(order.folder),
        files,
        filesFolder,
      };
    },
    told: (text) => text.replaceAll(root, ""),
  };
}

/** As the files would find them: those of the folder in which the pilot was started before those of Mosaic itself. */
function linkPackages(root: string): void {
  const own = packagesFrom(dirname(fileURLToPath(import.meta.url)), "@ml-mosaic/tensor");
  const started = packagesFrom(process.cwd(), "");
  if (started !== undefined) symlinkSync(started, join(root, "node_modules"));
  const above = join(dirname(root), "node_modules");
  if (own !== undefined && !existsSync(above)) symlinkSync(own, above);
}

/** The nearest node_modules from there that has the package. */
function packagesFrom(start: string, name: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    const modules = join(folder, "node_modules");
    if (existsSync(join(modules, name))) return realpathSync(modules);
    if (folder === dirname(folder)) return undefined;
  }
}

/** @throws MosaicError that names what is missing */
function packagesHere(at: (path: string) => string, { packages, folder }: CarriedProject): Record<string, string> {
  const found: Record<string, string> = {};
  const problems: string[] = [];
  for (const [name, version] of Object.entries(packages)) {
    const installed = installedPackage(name, at(folder));
    if (installed?.version === version) found[installed.file] = version;
    else problems.push(`${name}@${version} (${installed === undefined ? "missing" : `here ${installed.version}`})`);
  }
  if (problems.length === 0) return found;
  throw new MosaicError(
    "NO_MODULE",
    `the runs need packages that are not here: ${problems.join(", ")}. Install them (npm install) in ${process.cwd()}, and start the worker again`,
  );
}

function linkData(
  at: (path: string) => string,
  { data, dataRoot }: CarriedProject,
  { dataRoot: given }: PlaceOptions,
): void {
  const isInRoot = (path: string) => dataRoot !== null && isWithin(dataRoot, path);
  const here = given ?? dataRoot;
  if (dataRoot !== null && here !== null) {
    if (statSync(here, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw lacksData(
        `${here}, the data_root, is no folder here`,
        "say where it lies with mosaic worker --data-root DIR",
      );
    link(realpathSync(here), at(dataRoot));
  }
  for (const { name, path, bytes } of data) {
    // The module files are there.
    if (existsSync(at(path))) {
      if (isInRoot(path)) refuseOther(at(path), join(here ?? "", relative(dataRoot ?? "", path)), bytes);
    } else if (existsSync(path) && !isInRoot(path)) {
      refuseOther(path, path, bytes);
      link(realpathSync(path), at(path));
    } else
      throw lacksData(
        `${name} is not at ${isInRoot(path) ? join(here ?? "", relative(dataRoot ?? "", path)) : path}`,
        isInRoot(path)
          ? "copy it there, or say where the data lies with mosaic worker --data-root DIR"
          : "copy it there, or name a folder that holds it as data_root of [MONITOR], and start mosaic worker with --data-root DIR",
      );
    if (isAbsolute(name) && !existsSync(name))
      throw lacksData(
        `${name} is written as an absolute path, which is not here`,
        "write it relative to the configuration file",
      );
  }
}

/** Beside what is there already. */
function link(source: string, target: string): void {
  const there = lstatSync(target, { throwIfNoEntry: false });
  if (there === undefined) {
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync(source, target);
  } else if (there.isDirectory() && statSync(source).isDirectory())
    for (const name of readdirSync(source)) link(join(source, name), join(target, name));
}

function refuseOther(path: string, told: string, bytes: number | null): void {
  const entry = statSync(path);
  const size = entry.isFile() ? entry.size : null;
  if (size === bytes) return;
  const said = (count: number | null) => (count === null ? "a folder" : `${count} bytes`);
  throw lacksData(`${told} is ${said(size)}, and ${said(bytes)} where mosaic run is`, "copy it anew");
}

function lacksData(what: string, remedy: string): MosaicError {
  return new MosaicError("NO_DATA", `the data of the runs is not here: ${what}: ${remedy}`);
}

function isWithin(folder: string, path: string): boolean {
  return `${path}${sep}`.startsWith(folder === sep ? sep : `${folder}${sep}`);
}

async function interpreterHere(wanted: string, python: string | undefined): Promise<string> {
  const found = await findInterpreter({ python, folder: process.cwd() });
  if (!found.ok) throw new MosaicError("NO_PYTHON", `${found.fault.message} Say which one with mosaic worker --python`);
  const { command, python: version, torch } = found.interpreter;
  const here = `python ${version}, torch ${torch}`;
  if (comparable(here) !== comparable(wanted))
    throw new MosaicError(
      "NO_PYTHON",
      `${command} is ${here}, and that of mosaic run ${wanted}: their results would differ. Say which other one with mosaic worker --python`,
    );
  return command;
}

/** Bits depend on PyTorch, and on no third number of Python's. */
function comparable(versions: string): string {
  return versions.replace(/^(python \d+\.\d+)\.[^,]*/, "$1");
}
