/** What Python classes are, as Python itself says it: once for all that a command asks about. */
import type { ClassSource, Project } from "../../config/index.ts";
import { MosaicError } from "../../errors.ts";
import { askPython, jsonOf } from "./ask-python.ts";
import { findInterpreter, type Interpreter } from "./interpreter.ts";

/** Of a class in a file. */
export interface AskedClass {
  /** Absolute. */
  readonly path: string;
  /** null: all classes that the file defines. */
  readonly className: string | null;
}

export function askedOf({
  source,
  className,
}: {
  readonly source: ClassSource;
  readonly className: string | null;
}): AskedClass {
  return { path: source.kind === "package" ? source.name : source.path, className };
}

export interface Parameter {
  readonly name: string;
  readonly required: boolean;
  /** As an option says it; undefined where there is none, or no text says it. */
  readonly default: string | undefined;
}

export interface DescribedClass {
  readonly kind: "class";
  readonly name: string;
  readonly methods: readonly string[];
  /** Of its constructor. */
  readonly parameters: readonly Parameter[];
  /** Whether the constructor takes any other value by name. */
  readonly takesAny: boolean;
  /** Digests of the texts that it is made of, by their absolute paths. */
  readonly files: ReadonlyMap<string, string>;
}

/** What is wrong with a file or a class. */
export interface Undescribed {
  readonly kind: "problem";
  /** A whole sentence but for its end. */
  readonly message: string;
  /** As in mlp.py:3, where it is known. */
  readonly place: string | undefined;
  /** The classes that are there. */
  readonly names: readonly string[];
}

export type Description = DescribedClass | Undescribed;

/** Files of the user's are imported, and may do anything: Python gives each of them 30 s. */
const fileSeconds = 35;
const startSeconds = 60;

const known = new Map<string, Promise<readonly Description[]>>();

/** The interpreter of a project. @throws MosaicError that says what is missing */
export async function interpreterOf(project: Project): Promise<Interpreter> {
  const found = await findInterpreter(project);
  if (found.ok) return found.interpreter;
  throw new MosaicError("NO_PYTHON", `${found.fault.message} ${found.fault.remedy}`);
}

/** @throws MosaicError where it cannot be described */
export async function describedClass(
  asked: { readonly source: ClassSource; readonly className: string },
  project: Project,
): Promise<DescribedClass> {
  const [found] = await describeClasses([askedOf(asked)], project);
  if (found?.kind === "class") return found;
  throw classNotFound(found);
}

export function classNotFound(found: Undescribed | undefined): MosaicError {
  const place = found?.place === undefined ? "" : ` (${found.place})`;
  return new MosaicError("CLASS_NOT_FOUND", `${found?.message ?? "The class is not there"}${place}`);
}

/**
 * Descriptions of classes in their order; of all classes of a file as many as it has.
 *
 * @throws MosaicError where there is no Python that could describe them
 */
export async function describeClasses(
  classes: readonly AskedClass[],
  project: Project,
): Promise<readonly Description[]> {
  const { command } = await interpreterOf(project);
  const { folder, start } = project;
  const keyOf = ({ path, className }: AskedClass) => JSON.stringify([command, folder, start, path, className]);
  const asked = new Map(classes.map((each) => [keyOf(each), each]));
  const unknown = [...asked].filter(([key]) => !known.has(key));
  if (unknown.length > 0) {
    const answers = ask(
      command,
      unknown.map(([, each]) => each),
      project,
    );
    for (const [key, each] of unknown)
      known.set(
        key,
        answers.then((found) => found.get(each) ?? []),
      );
  }
  return (await Promise.all(classes.map((each) => known.get(keyOf(each)) ?? []))).flat();
}

async function ask(
  command: string,
  classes: readonly AskedClass[],
  { folder, start }: Project,
): Promise<ReadonlyMap<AskedClass, readonly Description[]>> {
  const question = { folder, start, classes: classes.map(({ path, className }) => ({ path, class: className })) };
  const { answer, how, lastWords } = await askPython(command, "describe", {
    question,
    cwd: start,
    seconds: startSeconds + fileSeconds * new Set(classes.map(({ path }) => path)).size,
  });
  const { classes: entries, error }: { readonly classes?: unknown; readonly error?: unknown } = Object(jsonOf(answer));
  if (error !== undefined)
    throw new MosaicError(
      "NO_PYTHON",
      `torch of ${command} cannot be imported: ${String(Object(error).message)}. Mend it, or write python = /path/to/python in [MONITOR]`,
    );
  if (!Array.isArray(entries))
    throw new MosaicError(
      "NO_DESCRIPTION",
      `${command} does not say what the classes of ${[...new Set(classes.map(({ path }) => path))].join(", ")} are: ${how}${lastWords === "" ? "" : `; its last words:\n${lastWords}`}`,
    );
  const found = new Map<AskedClass, Description[]>();
  const list: readonly unknown[] = entries;
  for (const each of classes) {
    const own = list.filter(
      (entry) =>
        Object(entry).path === each.path && (each.className === null || Object(entry).class === each.className),
    );
    found.set(each, own.map(descriptionOf));
  }
  return found;
}

function descriptionOf(entry: unknown): Description {
  const { error, names, methods, parameters, takesAny, files } = Object(entry);
  if (error !== undefined) {
    const { message, file, line } = Object(error);
    return {
      kind: "problem",
      message: `${String(message).slice(0, 1).toUpperCase()}${String(message).slice(1)}`,
      place: typeof file === "string" ? `${file}${typeof line === "number" ? `:${line}` : ""}` : undefined,
      names: textsOf(names),
    };
  }
  return {
    kind: "class",
    name: String(Object(entry).class),
    methods: textsOf(methods),
    parameters: listOf(parameters).map((each) => ({
      name: String(Object(each).name),
      required: Object(each).required === true,
      default: typeof Object(each).default === "string" ? String(Object(each).default) : undefined,
    })),
    takesAny: takesAny === true,
    files: new Map(listOf(files).map((each) => [String(Object(each).path), String(Object(each).sha256)])),
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textsOf(value: unknown): readonly string[] {
  return listOf(value).map(String);
}
