import type { Problem } from "./problem.ts";

export interface ReadOptions {
  /** Whether strings are text from a file, where `"4"` is an integer; otherwise a string is only ever a string. */
  readonly text?: boolean | undefined;
  /** The folder that relative paths start from; without it they are left as they are. */
  readonly folder?: string | undefined;
}

/** What reading gave: the typed value, or every problem with it (paths relative to the value). */
export type Reading<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * A type of configuration values. `read` never throws and never changes what it is given;
 * lists and maps come back as copies.
 */
export interface Type<Value> {
  /** To be read after "expected": `an integer`. */
  readonly expected: string;
  readonly read: (value: unknown, options?: ReadOptions) => Reading<Value>;
}

export function accept<Value>(value: Value): Reading<Value> {
  return { ok: true, value };
}

export function refuse(value: unknown, expected: string, nearest?: string): Reading<never> {
  return { ok: false, problems: [{ kind: "invalid", path: [], value, expected, nearest }] };
}

/** The problems of a part, seen from the whole that holds it under `step`. */
export function problemsUnder(step: string | number, problems: readonly Problem[]): readonly Problem[] {
  return problems.map((problem) => ({ ...problem, path: [step, ...problem.path] }));
}
