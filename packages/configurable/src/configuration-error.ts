import { CodedError } from "@ml-mosaic/base";
import { describeProblem, type Problem } from "./problem.ts";

/** A configuration that cannot be used, with all of its problems. */
export class ConfigurationError extends CodedError<"CONFIGURATION_INVALID"> {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super("CONFIGURATION_INVALID", summary(problems), options);
    this.problems = problems;
  }
}

function summary(problems: readonly Problem[]): string {
  const lines = problems.map((problem) => {
    const context = problem.context === undefined ? "" : `${problem.context} `;
    return `${placeInFile(problem)}${context}${describeProblem(problem)}`;
  });
  return lines.length === 1 ? lines.join() : [`${lines.length} problems:`, ...lines].join("\n  ");
}

/** As terminals and editors make links of it: `config.yaml:12:5: `. */
function placeInFile({ file, line, column }: Problem): string {
  return file === undefined ? "" : `${[file, line, column].filter((part) => part !== undefined).join(":")}: `;
}
