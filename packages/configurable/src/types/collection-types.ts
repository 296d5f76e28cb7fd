import { isPlainObject } from "@ml-mosaic/base";
import { gather } from "../gather.ts";
import { textProblem } from "../text/range.ts";
import { parseValue } from "../text/values.ts";
import { accept, problemsUnder, type Reading, type ReadOptions, refuse, type Type } from "./type.ts";

/**
 * A list whose items are all of one type. It comes back as a new array. Text has commas between the items, and may have
 * square brackets around them.
 */
export function list<Item>(item: Type<Item>): Type<Item[]> {
  const expected = `a list (each item ${item.expected})`;
  return {
    expected,
    form: { kind: "list", item },
    read: (value, options) => {
      const items = options?.text && typeof value === "string" ? listItems(value) : accept(value);
      if (!items.ok) return { ok: false, problems: items.problems };
      if (!Array.isArray(items.value)) return refuse(value, expected);
      const given: readonly unknown[] = items.value;
      const parts = Array.from(given, (part, index) => [index, part] as const);
      return gather(readParts(parts, item, options), (values) => values.map(([, value]) => value));
    },
  };
}

/** More than this in one option is a slip of the pen, and each may be wrong. */
const listOptions = { nested: true, most: 1000 };

/** Those of a list in text, each as it is written. */
export function listItems(text: string): Reading<readonly unknown[]> {
  const whole = parseValue(text, listOptions);
  const [first, ...others] = whole.ok ? whole.value.values : [];
  const inner = others.length === 0 ? /^\[(.*)\]$/s.exec(first ?? "")?.[1] : undefined;
  const parsed = inner === undefined ? whole : parseValue(inner, listOptions);
  return parsed.ok ? accept(parsed.value.values) : { ok: false, problems: parsed.faults.map(textProblem) };
}

/** A map from any names to values of one type. It comes back as a new object. */
export function map<Value>(type: Type<Value>): Type<Record<string, Value>> {
  const expected = `a map (each value ${type.expected})`;
  return {
    expected,
    form: { kind: "map", value: type },
    read: (value, options): Reading<Record<string, Value>> => {
      if (!isPlainObject(value)) return refuse(value, expected);
      return gather(readParts(Object.entries(value), type, options), (values) => Object.fromEntries(values));
    },
  };
}

function readParts<Step extends string | number, Value>(
  parts: readonly (readonly [Step, unknown])[],
  type: Type<Value>,
  options: ReadOptions | undefined,
): readonly (readonly [Step, Reading<Value>])[] {
  return parts.map(([step, part]) => {
    const reading = type.read(part, options);
    return [step, reading.ok ? reading : { ok: false, problems: problemsUnder(step, reading.problems) }];
  });
}
