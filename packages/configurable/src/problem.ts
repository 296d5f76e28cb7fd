import { inspect } from "node:util";

/** Where a value lies, from the option's name inwards: `["layers", 2]` is `layers[2]`. */
export type Path = readonly (string | number)[];

/** One thing that is wrong with a configuration, as data, so that a caller can word it in its own way. */
export type Problem = ValueProblem | StatedProblem;

interface Place {
  /** The names as the user wrote them: an alias stays an alias. */
  readonly path: Path;
  /** What was being checked, as the caller named it. */
  readonly context?: string | undefined;
  /** The file, where the configuration came from one. */
  readonly file?: string | undefined;
  /** Where in the file it is, or, where something is missing, what it is missing from. Both count from 1. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

export interface ValueProblem extends Place {
  /** `missing`: nothing was given; `unknown`: no option has this name; `invalid`: the value is not what was expected. */
  readonly kind: "missing" | "unknown" | "invalid";
  /** `undefined` where the option is missing. */
  readonly value: unknown;
  /** What would have been right, to be read after "expected": `an integer`. */
  readonly expected: string;
  /** The known name, or literal, most like what was written; absent where none is near. */
  readonly nearest?: string | undefined;
  /** Every place that was searched for a missing option, in order. */
  readonly lookedIn?: readonly string[] | undefined;
  /** The other types that have an option of this name; absent where none has. */
  readonly owners?: readonly string[] | undefined;
  /** The fallback that the value came from; absent where it was given directly. */
  readonly source?: string | undefined;
}

export interface StatedProblem extends Place {
  /**
   * `precondition`: values that are right each by itself do not go together; `construction`: a component's constructor
   * failed; `file`: the file cannot be read, or is not of its format; `text`: a text is no list or component; `import`: a
   * file or package of the user's own cannot be loaded.
   */
  readonly kind: "precondition" | "construction" | "file" | "text" | "import";
  readonly message: string;
}

/** The problem as one line without its context and file: `width: expected an integer, got "4.5"`. */
export function describeProblem(problem: Problem): string {
  const where = problem.path.length === 0 ? "" : `${formatPath(problem.path)}: `;
  switch (problem.kind) {
    case "missing": {
      const places = problem.lookedIn ?? [];
      const searched = places.length > 1 ? ` (looked in ${places.join(", ")})` : "";
      return `${where}missing, expected ${problem.expected}${searched}`;
    }
    case "unknown":
      return `${where}unknown option${ownersOf(problem)}${problem.nearest === undefined ? `, expected ${problem.expected}` : hint(problem)}`;
    case "invalid": {
      const source = problem.source === undefined ? "" : ` from ${problem.source}`;
      return `${where}expected ${problem.expected}, got ${showValue(problem.value)}${source}${hint(problem)}`;
    }
    case "precondition":
    case "construction":
    case "file":
    case "text":
    case "import":
      return `${where}${problem.message}`;
    default:
      return problem satisfies never;
  }
}

function ownersOf({ owners = [] }: ValueProblem): string {
  return owners.length === 0 ? "" : ` (${owners.join(", ")} ${owners.length === 1 ? "has" : "have"} it)`;
}

function hint({ nearest }: ValueProblem): string {
  return nearest === undefined ? "" : `; did you mean ${showValue(nearest)}?`;
}

/** The problem as one line that names file, place and context: `config.yaml:12:5: trainer.width: expected …`. */
export function formatProblem(problem: Problem): string {
  const { file, line, column, context } = problem;
  // As terminals and editors make links of it.
  const place = [file, line, column].filter((part) => part !== undefined).join(":");
  return [
    ...(file === undefined ? [] : [`${place}:`]),
    ...(context === undefined ? [] : [context]),
    describeProblem(problem),
  ].join(" ");
}

/** `["trainer", "layers", 2]` is written `trainer.layers[2]`; names that would be unclear are quoted. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    if (!/^[\p{L}\p{N}_-]+$/u.test(step)) return `${text}[${showValue(step)}]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}

const longestShown = 80;

function showValue(value: unknown): string {
  // customInspect is off because user code must not run, or throw, while a message is written.
  const text =
    typeof value === "string"
      ? JSON.stringify(value)
      : inspect(value, { depth: 1, maxArrayLength: 6, breakLength: Infinity, compact: true, customInspect: false });
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}
