import type { Problem } from "../problem.ts";
import type { Form } from "./form.ts";

export interface ReadOptions {
  /** Whether strings are text from a file, where `"4"` is an integer; otherwise a string is only ever a string. */
  readonly text?: boolean | undefined;
  /** The folder that relative paths start from; without it they are left as they are. */
  readonly folder?: string | undefined;
}

/** What reading gave: the typed value, or every problem with it (paths relative to the value). */
export type Reading<Value> = Accepted<Value> | Refused<Value>;

export interface Accepted<Value> {
  readonly ok: true;
  /** The value. Components in it have their options, but their constructors have not run: `construct` runs them. */
  readonly value: Value;
  /**
   * Makes the value with its components constructed, inner ones first; each call makes new ones. Absent where there are
   * none in it, so that `value` is final.
   */
  readonly construct?: () => Value;
}

export interface Refused<Value = never> {
  readonly ok: false;
  readonly problems: readonly Problem[];
  /** There where the value is right by itself, such as the name of a file that is missing: preconditions judge it too. */
  readonly value?: Value;
}

/**
 * A type of configuration values. `read` never throws and never changes what it is given;
 * lists and maps come back as copies.
 */
export interface Type<Value> {
  /** To be read after "expected": `an integer`. */
  readonly expected: string;
  readonly read: (value: unknown, options?: ReadOptions) => Reading<Value>;
  /** What it is, for tables of options and JSON Schema. Without it `expected` is shown, and editors check nothing. */
  readonly form?: Form;
}

export function accept<Value>(value: Value): Reading<Value> {
  return { ok: true, value };
}

export function refuse(value: unknown, expected: string, nearest?: string): Refused {
  return { ok: false, problems: [{ kind: "invalid", path: [], value, expected, nearest }] };
}

/** The value with its components constructed. */
export function construct<Value>(reading: Accepted<Value>): Value {
  return reading.construct === undefined ? reading.value : reading.construct();
}

/** The problems of a part, seen from the whole that holds it under `step`. */
export function problemsUnder(step: string | number, problems: readonly Problem[]): readonly Problem[] {
  return problems.map((problem) => ({ ...problem, path: [step, ...problem.path] }));
}
