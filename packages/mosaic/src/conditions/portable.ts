/** What a page needs of conditions: nothing of it, nor of what it imports, is of Node. */

export { namesIn } from "./comparisons.ts";
export type { Condition, ConditionValue } from "./condition.ts";
export { evaluate, type Lookup, type Value } from "./evaluate.ts";
export { type ParsedCondition, parseCondition } from "./parse-condition.ts";
