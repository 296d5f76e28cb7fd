import { nearestName } from "@ml-mosaic/base";
import type { TextFault } from "@ml-mosaic/configurable";
import { comparisons } from "./comparisons.ts";
import type { Condition, ConditionName, ConditionValue } from "./condition.ts";

/** More would be unreadable. */
const mostTold = 20;

/** The names in a condition that are none of `known`, each with the nearest one, and names where values belong. */
export function unknownNames(condition: Condition, known: readonly string[]): readonly TextFault[] {
  const all = new Set(known);
  return comparisons(condition).flatMap(({ name, values }) => [
    ...(all.has(name.name) ? [] : [unknown(name, known)]),
    // A text without a dot may well be what some option is called, too.
    ...values.filter(({ text, isQuoted }) => !isQuoted && text.includes(".") && all.has(text)).map(nameAsValue),
  ]);
}

function unknown({ name, at }: ConditionName, known: readonly string[]): TextFault {
  const nearest = nearestName(name, known);
  const told = known.slice(0, mostTold).join(", ");
  const others = known.length > mostTold ? ` and ${known.length - mostTold} more` : "";
  return {
    message: `"${name}" at character ${at} is not known.`,
    remedy:
      nearest !== undefined
        ? `Did you mean "${nearest}"?`
        : known.length === 0
          ? "There are no names."
          : `Known: ${told}${others}.`,
  };
}

function nameAsValue({ text, at }: ConditionValue): TextFault {
  return {
    message: `"${text}" at character ${at} is a name, where a value belongs.`,
    remedy: `Names are compared with values, not with each other; put it in quotes if it is a text: "${text}".`,
  };
}
