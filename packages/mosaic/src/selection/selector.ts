import { accept, float, list, refuse, string, type Type } from "@ml-mosaic/configurable";
import type { Condition } from "../conditions/index.ts";
import type { ValueCondition } from "../store/index.ts";

/** Ids from `first` to `last`, both included. */
export interface IdRange {
  readonly first: number;
  readonly last: number;
}

/** Which runs a command is about. */
export type Selector =
  | { readonly kind: "all" }
  | { readonly kind: "ids"; readonly ranges: readonly IdRange[] }
  | { readonly kind: "request"; readonly sql: string }
  | { readonly kind: "where"; readonly condition: Condition }
  | { readonly kind: "tag"; readonly tag: string }
  | { readonly kind: "value"; readonly condition: ValueCondition };

/** `1`, `1-3`, `1,4,7-9` or `all`. */
export const runIds: Type<Selector> = {
  expected: "ids such as 1, 1-3 or 1,4,7-9, or all",
  form: { kind: "string" },
  read(value) {
    const text = typeof value === "string" ? value.trim() : "";
    if (text.toLowerCase() === "all") return accept({ kind: "all" });
    const ranges = text.split(",").flatMap(idRange);
    return ranges.length === text.split(",").length ? accept({ kind: "ids", ranges }) : refuse(value, runIds.expected);
  },
};

/** None where the text is no range, or an empty one. */
function idRange(text: string): readonly IdRange[] {
  const [, first, last = first] = /^(\d+)(?:\s*-\s*(\d+))?$/.exec(text.trim()) ?? [];
  const range = { first: Number(first), last: Number(last) };
  const isRange = Number.isSafeInteger(range.first) && Number.isSafeInteger(range.last) && range.first <= range.last;
  return isRange ? [range] : [];
}

/** Two words, a name and a value; a threshold is a number. */
export function runsByValue(comparison: ValueCondition["comparison"]): Type<Selector> {
  const isThreshold = comparison !== "equal";
  const expected = `a name and a ${isThreshold ? "number" : "value"}`;
  return {
    expected,
    form: { kind: "string" },
    read(words) {
      const pair = list(string).read(words);
      const [name, value] = pair.ok ? pair.value : [];
      if (name === undefined || value === undefined || (isThreshold && !float.read(value, { text: true }).ok))
        return refuse(words, expected);
      return accept({ kind: "value", condition: { name, comparison, value } });
    },
  };
}
