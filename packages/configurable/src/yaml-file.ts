import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { ConfigurationError } from "./configuration-error.ts";
import { isPlainObject } from "./plain-object.ts";
import type { Path, Problem } from "./problem.ts";

/** A YAML file that has been read: its values, and where in it they are. */
export class YamlFile {
  /** As it was given, for messages. */
  readonly path: string;
  /** The folder that relative paths in it start from: its own. */
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

  /** The problem with the file, and the line of its option, or of what is around it where the option is missing. */
  locate<Located extends Problem>(problem: Located): Located {
    const offset = offsetOf(this.#document, problem.path);
    const { line, col } = this.#lines.linePos(offset);
    return { ...problem, file: this.path, line, column: col };
  }
}

/** Where the key of an option is, or that of the innermost part around it which is there. */
function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0] ?? 0;
  for (const step of path) {
    const inside: unknown = isAlias(node) ? node.resolve(document) : node;
    if (isMap(inside)) {
      const pair = inside.items.find(({ key }) => isScalar(key) && String(key.value) === step);
      if (pair === undefined || !isScalar(pair.key)) return offset;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(inside) && typeof step === "number") {
      node = inside.items[step];
      offset = offsetOfNode(node) ?? offset;
    } else return offset;
  }
  return offset;
}

function offsetOfNode(node: unknown): number | undefined {
  return isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node.range?.[0] : undefined;
}

/**
 * Reads a YAML 1.2 file whose top is a map of options.
 *
 * @throws ConfigurationError with every fault of the file, its line and column
 */
export function readYaml(path: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(readText(path), { lineCounter: lines, merge: true, prettyErrors: false });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    throw new ConfigurationError(
      faults.map(({ message, pos }) => {
        const { line, col } = lines.linePos(pos[0]);
        return { kind: "file", path: [], message, file: path, line, column: col };
      }),
    );
  }
  const value: unknown = document.toJS() ?? {};
  if (!isPlainObject(value)) {
    throw new ConfigurationError([
      {
        kind: "file",
        path: [],
        message: "expected a map of options (name: value) at the top",
        file: path,
        line: 1,
        column: 1,
      },
    ]);
  }
  return new YamlFile(path, value, document, lines);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    throw new ConfigurationError([{ kind: "file", path: [], message, file: path }], { cause: error });
  }
}
