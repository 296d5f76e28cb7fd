import { describeProblem, type Problem } from "./problem.ts";

/** A configuration that cannot be used, with all of its problems. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly code = "CONFIGURATION_INVALID";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super(summary(problems), options);
    this.problems = problems;
  }
}

function summary(problems: readonly Problem[]): string {
  const lines = problems.map((problem) =>
    problem.context === undefined ? describeProblem(problem) : `${problem.context} ${describeProblem(problem)}`,
  );
  return lines.length === 1 ? lines.join() : [`${lines.length} problems:`, ...lines].join("\n  ");
}
