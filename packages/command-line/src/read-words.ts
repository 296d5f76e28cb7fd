/** What the words of a command line mean to a command. */
import { type Checked, checkValues, objectionProblems, type Problem } from "@ml-mosaic/configurable";
import type { Command, Given } from "./command.ts";
import { spelled, spelledOptions } from "./spelling.ts";
import { splitWords } from "./split-words.ts";

/**
 * The values of all arguments and options under their declared names, or all that is wrong with them; undefined where
 * help was asked for.
 *
 * @param name how the command was called, for messages
 */
export function readWords(command: Command, name: string, words: readonly string[]): Checked<Given> | undefined {
  const options = spelledOptions(command);
  const context = `${name}:`;
  const split = splitWords(words, command.arguments, options);
  if ("--help" in split.values || "-h" in split.values) return undefined;
  const taken = Object.entries({ ...command.arguments, ...options }).filter(([each]) => !split.cutShort.includes(each));
  // Nothing is said by leaving out: a text such as None is one here.
  const schemas = Object.fromEntries(
    taken.map(([each, option]) => {
      const isWritten = [each, ...option.aliases].some((spelling) => Object.hasOwn(split.values, spelling));
      return [each, isWritten ? { ...option, optional: false } : option];
    }),
  );
  const checked = checkValues(schemas, split.values, { context, text: true });
  const problems = [...split.problems, ...(checked.ok ? [] : checked.problems)];
  if (!checked.ok || problems.length > 0) return refused(context, problems);
  const names = [...Object.keys(command.arguments), ...Object.keys(command.options)];
  const values = Object.fromEntries(
    names.map((declared) => [
      declared,
      checked.values[Object.hasOwn(command.options, declared) ? spelled(declared) : declared],
    ]),
  );
  const objections = objectionProblems(() => command.preconditions?.(values)).map((problem) => ({
    ...problem,
    path: problem.path.map((step) =>
      typeof step === "string" && Object.hasOwn(command.options, step) ? spelled(step) : step,
    ),
  }));
  return objections.length > 0 ? refused(context, objections) : { ok: true, values };
}

function refused(context: string, problems: readonly Problem[]): Checked<Given> {
  return { ok: false, problems: problems.map((problem) => ({ ...asWritten(problem), context })) };
}

/** A dot in an option's name is a part of what was written; and every letter is as near to every other. */
function asWritten(problem: Problem): Problem {
  const path = problem.path.flatMap<string | number>((step) => (typeof step === "string" ? step.split(".") : [step]));
  const isLetter = /^-[^-]$/.test(String(path[0]));
  return problem.kind === "unknown" && isLetter ? { ...problem, path, nearest: undefined } : { ...problem, path };
}
