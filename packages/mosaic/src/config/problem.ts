/** What is wrong with a configuration file, as its own checks say it. */

import { ConfigurationError, type Path, type Problem } from "@ml-mosaic/configurable";
import { SourceLines } from "./source-lines.ts";

/** A mistake of the file's form, or between its sections. */
export interface Finding {
  /** Counted from 1; absent where the problem is with the file as a whole. */
  readonly line?: number;
  readonly section?: string;
  readonly option?: string;
  /** What is wrong, a whole sentence. */
  readonly message: string;
  /** What to do, a whole sentence. */
  readonly remedy: string;
}

/** A mistake whose place only the caller knows. */
export type Fault = Pick<Finding, "message" | "remedy">;

/** Where checks put what they find: problems stop the experiment, notices do not. */
export interface Findings {
  readonly problem: (finding: Finding | Problem) => void;
  readonly notice: (finding: Finding) => void;
  /** Where the lines are from. */
  readonly sources: SourceLines;
}

function problemOf(finding: Finding | Problem, sources: SourceLines): Problem {
  const place = { line: undefined, ...sources.placeOf(finding.line) };
  if ("kind" in finding) return { ...finding, ...place };
  const { section, option, message, remedy } = finding;
  const path = option === undefined ? [] : optionPath(option);
  return { kind: "text", path, message: `${message} ${remedy}`, context: sectionText(section), ...place };
}

/** Where problems are gathered. */
export class Gathered implements Findings {
  readonly sources: SourceLines;
  readonly problems: (Finding | Problem)[] = [];
  readonly notices: Problem[] = [];

  constructor(source: string | SourceLines) {
    this.sources = typeof source === "string" ? new SourceLines(source) : source;
  }

  readonly problem = (finding: Finding | Problem): void => {
    this.problems.push(finding);
  };

  readonly notice = (finding: Finding): void => {
    this.notices.push(problemOf(finding, this.sources));
  };

  get hasProblems(): boolean {
    return this.problems.length > 0;
  }

  /** With every problem so far, in the order of the lines. */
  failure(options?: ErrorOptions): ConfigurationError {
    const inOrder = this.problems.toSorted((left, right) => (left.line ?? 0) - (right.line ?? 0));
    return new ConfigurationError(
      inOrder.map((problem) => problemOf(problem, this.sources)),
      options,
    );
  }
}

/** Where a section's options are, in problems that reading them found. */
export interface OptionPlaces {
  readonly name: string;
  readonly line: number;
  readonly options: readonly { readonly name: string; readonly line: number; readonly value: string }[];
}

/** A problem of an option's value, with the line where the option is written, or its section begins. */
export function placed(problem: Problem, { name, line, options }: OptionPlaces): Problem {
  // The type of a component is written as the value of its option.
  const path = problem.path.at(-1) === "type" ? problem.path.slice(0, -1) : problem.path;
  const option = longestOption(path, options);
  const place = { path, line: option?.line ?? line, context: sectionText(name) };
  if (problem.kind === "invalid" && option !== undefined && /\s[#;]/.test(option.value))
    return { ...problem, ...place, expected: `${problem.expected} alone (comments have lines of their own)` };
  return { ...problem, ...place };
}

function longestOption<Option extends { readonly name: string }>(
  path: Path,
  options: readonly Option[],
): Option | undefined {
  for (let length = path.length; length > 0; length--) {
    const name = path.slice(0, length).join(".");
    const option = options.find((each) => each.name === name);
    if (option !== undefined) return option;
  }
  return undefined;
}

/** The steps of a name with dots. */
export function optionPath(name: string): Path {
  return name.split(".");
}

function sectionText(section: string | undefined): string | undefined {
  return section === undefined ? undefined : `[${section}]`;
}
