import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { errorCode, isPlainObject, messageOf } from "@ml-mosaic/base";
import type { Document, LineCounter } from "yaml";
import { ConfigurationError } from "../configuration-error.ts";
import type { Path, Problem } from "../problem.ts";
import { yaml } from "./library.ts";
import { faultsOf, findPair, offsetOf, withoutAlias } from "./yaml-faults.ts";

/** A YAML file that has been read: its values, and where in it they are. */
export class YamlFile {
  /** As it was given, for messages. */
  readonly path: string;
  /** Its own folder, absolute: where relative paths in it start. */
  readonly folder: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly #document: Document;
  readonly #lines: LineCounter;

  constructor(path: string, value: Readonly<Record<string, unknown>>, document: Document, lines: LineCounter) {
    this.path = path;
    this.folder = dirname(resolve(path));
    this.value = value;
    this.#document = document;
    this.#lines = lines;
  }

  /**
   * The problems with their places, in the order of the file. The place is that of the option's name or, where the option
   * is missing, of the name around it.
   */
  locate(problems: readonly Problem[]): readonly Problem[] {
    return problems
      .map((problem) => [offsetOfPath(this.#document, problem.path), problem] as const)
      .sort(([a], [b]) => a - b)
      .map(([offset, problem]) => {
        const { line, col } = this.#lines.linePos(offset);
        return { ...problem, file: this.path, line, column: col };
      });
  }
}

function offsetOfPath(document: Document, path: Path): number {
  let node: unknown = document.contents;
  let offset = offsetOf(node);
  for (const step of path) {
    const inside = withoutAlias(node, document);
    if (yaml().isMap(inside)) {
      const pair = findPair(inside, step, document);
      if (pair === undefined) return offset;
      offset = offsetOf(pair.key);
      node = pair.value;
    } else if (yaml().isSeq(inside) && typeof step === "number") {
      node = inside.items[step];
      offset = offsetOf(node);
    } else return offset;
  }
  return offset;
}

/**
 * Reads a YAML 1.2 file whose top is a map of options (an empty file has none). `<<` merges maps.
 *
 * @throws ConfigurationError with every fault of the file, its line and column, and what to do
 */
export function readYaml(path: string): YamlFile {
  const lines = new (yaml().LineCounter)();
  const settings = { lineCounter: lines, merge: true, stringKeys: true, uniqueKeys: false, prettyErrors: false };
  const document = yaml().parseDocument(readUtf8(path), settings);
  const faults = faultsOf(document, (offset) => lines.linePos(offset).line);
  if (faults.length > 0) {
    throw new ConfigurationError(
      faults.map(({ message, offset }) => {
        const { line, col } = lines.linePos(offset);
        return { kind: "file", path: [], message, file: path, line, column: col };
      }),
    );
  }
  let value: unknown;
  try {
    value = document.toJS() ?? {};
  } catch (error) {
    // Merging what is no map, or aliases that multiply without end.
    throw fileError(path, messageOf(error), error);
  }
  if (!isPlainObject(value)) throw fileError(path, "the top is no map: write one option a line, as name: value");
  return new YamlFile(path, value, document, lines);
}

function readUtf8(path: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw fileError(path, unreadable(error), error);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw fileError(path, "is not text in UTF-8: save it as that", error);
  }
}

function unreadable(error: unknown): string {
  const code = errorCode(error);
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "is a folder: give the file in it";
  return `cannot be read: ${messageOf(error)}`;
}

function fileError(file: string, message: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError([{ kind: "file", path: [], message, file }], cause === undefined ? {} : { cause });
}
