import type { Problem } from "../problem.ts";

/** Text that is no value: a whole sentence each. */
export interface TextFault {
  readonly message: string;
  readonly remedy: string;
}

export function textProblem({ message, remedy }: TextFault): Problem {
  return { kind: "text", path: [], message: `${message} ${remedy}` };
}

/** Whole numbers from `first` to `last`, both included, `step` apart. */
export interface Range {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

/** Reads `{2-5}` or `{10-100:30}`, braces included. */
export function parseRange(written: string): Range | TextFault {
  const match = /^\{\s*([+-]?\d+)\s*-\s*([+-]?\d+)\s*(?::\s*([+-]?\d+)\s*)?\}$/.exec(written);
  if (match === null) {
    const inner = written.slice(1, -1);
    const remedy = inner.includes(",")
      ? `Write a list without braces: ${inner.trim()}.`
      : /\d\.\d|\de/i.test(inner)
        ? "Ranges are of whole numbers; write other numbers as a list: 0.1, 0.2."
        : "Write {smallest-largest} or {smallest-largest:step} in whole numbers, as in {2-5}; braces that are text need quotes.";
    return { message: `"${written}" is not a range.`, remedy };
  }
  const first = Number(match[1]);
  const last = Number(match[2]);
  const step = Number(match[3] ?? "1");
  if (![first, last, step].every(Number.isSafeInteger)) {
    return {
      message: `"${written}" has numbers beyond ±9007199254740991.`,
      remedy: "Write smaller bounds.",
    };
  }
  if (step < 1) {
    return {
      message: `"${written}" has a step of ${step}.`,
      remedy: `Write a step of at least 1: {${first}-${last}:1}.`,
    };
  }
  if (first > last) {
    const stepText = match[3] === undefined ? "" : `:${step}`;
    return {
      message: `"${written}" is an empty range.`,
      remedy: `Write the smaller bound first: {${last}-${first}${stepText}}.`,
    };
  }
  return { first, last, step };
}
