import { infinityFromText, isNullText, quotedText, valueText } from "@ml-mosaic/configurable/scalars";
import type { Condition, ConditionValue, Relation } from "./condition.ts";
import { orderedNumber } from "./ordered-number.ts";

/** A value that texts can mean in other ways than by being equal to it, as `sgd` means the optimizer `SGD(momentum=0.9)`. */
export interface Meant {
  readonly isMeantBy: (text: string) => boolean;
}

/** What a name stands for, as the caller has it; undefined or null where it has none. */
export type Value = string | number | boolean | Meant | null | undefined;

export type Lookup = (name: string) => Value;

/**
 * Whether the condition holds. A comparison of something that is not there is neither true nor false, and neither is its
 * `not`: `MLP.depth != 4` does not hold where there is no MLP, and no more does `not MLP.depth = 4`. Texts are read as those of
 * options: numbers and booleans count by value.
 */
export function evaluate(condition: Condition, lookup: Lookup): boolean {
  return truth(condition, lookup) === true;
}

/** Undefined for what is neither true nor false. */
function truth(condition: Condition, lookup: Lookup): boolean | undefined {
  switch (condition.kind) {
    case "and":
      return foundOr(condition.parts, false, lookup);
    case "or":
      return foundOr(condition.parts, true, lookup);
    case "not": {
      const part = truth(condition.part, lookup);
      return part === undefined ? undefined : !part;
    }
    case "comparison": {
      const actual = actualOf(lookup(condition.name.name));
      return actual === undefined ? undefined : holds(actual, condition.relation, condition.value);
    }
    case "in": {
      const actual = actualOf(lookup(condition.name.name));
      return actual === undefined ? undefined : condition.values.some((value) => isEqual(actual, value));
    }
    default:
      return condition satisfies never;
  }
}

/** `wanted` where a part is that, which decides; else its opposite where all parts are. */
function foundOr(parts: readonly Condition[], wanted: boolean, lookup: Lookup): boolean | undefined {
  let isKnown = true;
  for (const part of parts) {
    const value = truth(part, lookup);
    if (value === wanted) return wanted;
    isKnown &&= value !== undefined;
  }
  return isKnown ? !wanted : undefined;
}

function actualOf(value: Value): string | Meant | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "object" ? value : String(value);
}

function holds(actual: string | Meant, relation: Relation, value: ConditionValue): boolean | undefined {
  if (relation === "=") return isEqual(actual, value);
  if (relation === "!=") return !isEqual(actual, value);
  if (typeof actual === "object") return undefined;
  const [left, right] = [orderedNumber(actual), orderedNumber(value.text)];
  if (left === undefined || right === undefined) return undefined;
  switch (relation) {
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
    default:
      return relation satisfies never;
  }
}

function isEqual(actual: string | Meant, { text, isQuoted }: ConditionValue): boolean {
  if (typeof actual === "object") return actual.isMeantBy(text);
  return comparable(actual) === comparable(isQuoted ? quotedText(text) : text);
}

function comparable(text: string): string {
  if (isNullText(text)) return "None";
  const infinity = infinityFromText(text);
  if (infinity !== undefined) return String(infinity);
  return /^nan$/i.test(text) ? "NaN" : valueText(text);
}
