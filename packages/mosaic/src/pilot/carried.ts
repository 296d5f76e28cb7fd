/** What a supervisor tells a pilot that may see nothing of its folders, so that it can carry out runs all the same. */
import { isAbsolute, normalize } from "node:path";
import type { RunOrder } from "../run/order.ts";
import { count, fields, flag, listOf, nullable, optional, type Rule, recordOf, text } from "../wire/rules.ts";
import type { FileMark } from "./file-exchange.ts";

export interface CarriedFile extends FileMark {
  /** Absolute. */
  readonly path: string;
  readonly isExecutable: boolean;
}

export interface CarriedProject {
  /** The configuration file's. */
  readonly folder: string;
  /** Where the command was started. */
  readonly start: string;
  /** Of which the identity of runs consists, and what Node wants to know of them. */
  readonly code: readonly CarriedFile[];
  /** Packages that they import: versions by name. */
  readonly packages: Readonly<Record<string, string>>;
  /** Where Python carries them out: its version, and that of PyTorch. */
  readonly python: string | null;
  /** What lies in a folder of run files while this supervisor is there: who sees it sees the folder. */
  readonly marks: Readonly<Record<string, string>>;
  /** Files and folders that options of data modules name. */
  readonly data: readonly CarriedData[];
  /** Absolute: where they lie here. */
  readonly dataRoot: string | null;
}

export interface CarriedData {
  /** As it is written. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** null for a folder. */
  readonly bytes: number | null;
}

const carriedFile = { path: text, bytes: count, digest: text };

export const carriedProject: Rule = fields({
  folder: text,
  start: text,
  code: listOf(fields({ ...carriedFile, isExecutable: flag })),
  packages: recordOf(text),
  python: nullable(text),
  marks: recordOf(text),
  data: listOf(fields({ name: text, path: text, bytes: nullable(count) })),
  dataRoot: nullable(text),
});

/** Of a run: by their names in its folder. */
export interface RunFile extends FileMark {
  readonly name: string;
}

export const runFiles: Rule = optional(listOf(fields({ name: text, bytes: count, digest: text })));

/** Of all the code of an experiment. */
export const mostCodeBytes = 64 * 1024 * 1024;
const mostCodeFiles = 10_000;
const mostRunFiles = 10_000;
const mostRunBytes = 2 ** 40;
const mostLevels = 16;

/** What is wrong with what is to be laid down; undefined where nothing is. */
export function faultOfCode(files: readonly CarriedFile[]): string | undefined {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (files.length > mostCodeFiles || bytes > mostCodeBytes)
    return `the module files are ${files.length}, of ${bytes} bytes; ${mostCodeFiles} of ${mostCodeBytes} bytes are the most`;
  const bad = files.find(({ path }) => !isAbsolute(path) || normalize(path) !== path || path.includes("\0"));
  return bad && `no module file can lie at ${JSON.stringify(bad.path)}`;
}

/** The same of files that are said to be a run's. */
export function faultOfRunFiles(files: readonly RunFile[], { runId }: Pick<RunOrder, "runId">): string | undefined {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (files.length > mostRunFiles || bytes > mostRunBytes)
    return `the files of run ${runId} are ${files.length}, of ${bytes} bytes; ${mostRunFiles} of ${mostRunBytes} bytes are the most`;
  const names = new Set(files.map(({ name }) => name));
  const bad = files.find(({ name }) => {
    const parts = name.split("/");
    const [top = ""] = parts;
    const isName = parts.every((part) => /^[^\0\\]{1,255}$/.test(part) && part !== "." && part !== "..");
    return !isName || parts.length > mostLevels || top.startsWith(".") || !mayBeOf(top, runId);
  });
  if (bad !== undefined)
    return `${JSON.stringify(bad.name)} cannot be a file of run ${runId}: its name is hidden, another run's, or none on some machine`;
  return names.size < files.length ? `a file of run ${runId} is said to come twice` : undefined;
}

/** Its own name has its id, and modules may write others beside theirs. */
export function isOfRun(name: string, runId: number): boolean {
  return new RegExp(`_${runId}(?!\\d)`).test(name);
}

/**
 * Whether a run may put a file of this name into the folder of run files: none that `isFileOf` takes for another's. A module
 * may have names of its own with numbers, such as layer_1.bin.
 */
export function mayBeOf(name: string, runId: number): boolean {
  return isOfRun(name, runId) || !/^(output|snapshot|run_info|model|program)_(.*_)?\d+(\.|$)/.test(name);
}
