import { MosaicError } from "../errors.ts";
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
  | { readonly kind: "value"; readonly condition: ValueCondition };

/** `1`, `1-3`, `1,4,7-9` or `all`. */
export function parseIds(text: string): Selector {
  if (text.trim().toLowerCase() === "all") return { kind: "all" };
  return { kind: "ids", ranges: text.split(",").map((part) => parseRange(part.trim(), text)) };
}

function parseRange(part: string, text: string): IdRange {
  const [, first, last] = /^(\d+)(?:\s*-\s*(\d+))?$/.exec(part) ?? [];
  const range = { first: Number(first), last: Number(last ?? first) };
  if (first === undefined || !Number.isSafeInteger(range.first) || !Number.isSafeInteger(range.last))
    throw badIds(`-id ${text}: ${part === "" ? "a number is missing" : `"${part}" is no id`}`);
  if (range.last < range.first)
    throw badIds(`-id ${text}: ${part} is empty, write the smaller id first: ${range.last}-${range.first}`);
  return range;
}

/** @throws MosaicError for a threshold that is no number */
export function valueSelector(comparison: ValueCondition["comparison"], name: string, value: string): Selector {
  const isNumber = value.trim() !== "" && (/^[+-]?inf(inity)?$/i.test(value) || !Number.isNaN(Number(value)));
  if (comparison !== "equal" && !isNumber)
    throw new MosaicError("BAD_SELECTOR", `the threshold of ${name} is "${value}", which is no number`);
  return { kind: "value", condition: { name, comparison, value } };
}

function badIds(message: string): MosaicError {
  return new MosaicError("BAD_SELECTOR", `${message}. Ids are written as in -id 1, -id 1-3, -id 1,4,7-9 or -id all`);
}
