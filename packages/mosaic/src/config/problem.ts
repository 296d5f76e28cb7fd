// What is wrong with a configuration file: the record, the line that shows it, and the error that carries them all.

import { MosaicError } from "../errors.ts";

export interface Problem {
  /** The configuration file as the user named it. */
  readonly file: string;
  /** Counted from 1; absent where the problem is with the file as a whole. */
  readonly line?: number;
  readonly section?: string;
  readonly option?: string;
  /** The value as written in the file. */
  readonly value?: string;
  /** Stable, for programs. */
  readonly code: string;
  /** What is wrong, a whole sentence. */
  readonly message: string;
  /** What to do, a whole sentence. */
  readonly remedy: string;
}

/** A problem found by a check that does not know the file's name. */
export type Finding = Omit<Problem, "file">;

/** A problem of a value whose place only the caller knows. */
export type Fault = Pick<Problem, "code" | "message" | "remedy">;

/** Where checks put what they find: problems stop the experiment, notices do not. */
export interface Findings {
  readonly problem: (finding: Finding) => void;
  readonly notice: (finding: Finding) => void;
}

/** @example `config.ini:12: [MLP] width: "{5-2}" is an empty range. Write the smaller bound first: {2-5}.` */
export function formatProblem({ file, line, section, option, message, remedy }: Problem): string {
  const place = line === undefined ? file : `${file}:${line}`;
  const sectionText = section === undefined ? "" : ` [${section}]`;
  const optionText = option === undefined ? "" : ` ${option}`;
  const colon = sectionText !== "" || optionText !== "" ? ":" : "";
  return `${place}:${sectionText}${optionText}${colon} ${message} ${remedy}`;
}

/** A file of another kind given by mistake has a problem on every line: beyond this many a count says enough. */
const MOST_PROBLEMS_SHOWN = 200;

function summary(file: string, problems: readonly Problem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const lines = problems.slice(0, MOST_PROBLEMS_SHOWN).map((problem) => `  ${formatProblem(problem)}`);
  const hidden = problems.length - lines.length;
  if (hidden > 0) lines.push(`  and ${hidden} more`);
  return [`${file} has ${count}:`, ...lines].join("\n");
}

/** Every problem of one configuration file, in the order of its lines. */
export class ConfigError extends MosaicError {
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[], options?: ErrorOptions) {
    const sorted = problems.toSorted((left, right) => (left.line ?? 0) - (right.line ?? 0));
    super("BAD_CONFIG", summary(file, sorted), options);
    this.problems = sorted;
  }
}
