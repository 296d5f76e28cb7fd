import { CodedError } from "@ml-mosaic/base";
import { formatProblem, type Problem } from "./problem.ts";

/** A configuration that cannot be used, with all of its problems. */
export class ConfigurationError extends CodedError<"CONFIGURATION_INVALID"> {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super("CONFIGURATION_INVALID", summary(problems), options);
    this.problems = problems;
  }
}

/** A file of another kind given by mistake has a problem on every line: beyond this many a count says enough. */
const mostShown = 200;

/** A value of megabytes is told by its beginning. */
const longestLine = 2000;

function summary(problems: readonly Problem[]): string {
  const lines = problems.slice(0, mostShown).map((problem) => shorten(formatProblem(problem)));
  if (problems.length === 1) return lines.join();
  const hidden = problems.length - lines.length;
  return [`${problems.length} problems:`, ...lines, ...(hidden > 0 ? [`and ${hidden} more`] : [])].join("\n  ");
}

function shorten(line: string): string {
  return line.length > longestLine ? `${line.slice(0, longestLine)}…` : line;
}
