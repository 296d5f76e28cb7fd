import { isPlainObject } from "./plain-object.ts";
import type { Problem } from "./problem.ts";
import { accept, problemsUnder, type Reading, type ReadOptions, refuse, type Type } from "./type.ts";

/** A list whose items are all of one type. It comes back as a new array. */
export function list<Item>(item: Type<Item>): Type<Item[]> {
  const expected = `a list (each item ${item.expected})`;
  return {
    expected,
    read: (value, options) => {
      if (!Array.isArray(value)) return refuse(value, expected);
      const given: readonly unknown[] = value;
      const parts = Array.from(given, (part, index) => [index, part] as const);
      const { read, problems } = readParts(parts, item, options);
      return problems.length > 0 ? { ok: false, problems } : accept(read.map(([, part]) => part));
    },
  };
}

/** A map from any names to values of one type. It comes back as a new object. */
export function map<Value>(type: Type<Value>): Type<Record<string, Value>> {
  const expected = `a map (each value ${type.expected})`;
  return {
    expected,
    read: (value, options): Reading<Record<string, Value>> => {
      if (!isPlainObject(value)) return refuse(value, expected);
      const { read, problems } = readParts(Object.entries(value), type, options);
      return problems.length > 0 ? { ok: false, problems } : accept(Object.fromEntries(read));
    },
  };
}

function readParts<Step extends string | number, Value>(
  parts: readonly (readonly [Step, unknown])[],
  type: Type<Value>,
  options: ReadOptions | undefined,
): { read: readonly (readonly [Step, Value])[]; problems: readonly Problem[] } {
  const read: (readonly [Step, Value])[] = [];
  const problems: Problem[] = [];
  for (const [step, part] of parts) {
    const reading = type.read(part, options);
    if (reading.ok) read.push([step, reading.value]);
    else problems.push(...problemsUnder(step, reading.problems));
  }
  return { read, problems };
}
