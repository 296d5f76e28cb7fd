/** What a condition compares with what. */
import type { Condition, ConditionName, ConditionValue } from "./condition.ts";

/** Every name that is compared with something, as often as it is. */
export function namesIn(condition: Condition): readonly ConditionName[] {
  return comparisons(condition).map(({ name }) => name);
}

export interface Compared {
  readonly name: ConditionName;
  readonly values: readonly ConditionValue[];
}

export function comparisons(condition: Condition): readonly Compared[] {
  switch (condition.kind) {
    case "and":
    case "or":
      return condition.parts.flatMap(comparisons);
    case "not":
      return comparisons(condition.part);
    case "comparison":
      return [{ name: condition.name, values: [condition.value] }];
    case "in":
      return [condition];
    default:
      return condition satisfies never;
  }
}
