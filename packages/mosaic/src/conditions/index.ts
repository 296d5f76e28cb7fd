export { namesIn } from "./comparisons.ts";
export type { Condition } from "./condition.ts";
export { conditionType } from "./condition-type.ts";
export { evaluate, type Lookup, type Meant, type Value } from "./evaluate.ts";
export { unknownNames } from "./names.ts";
export { parseCondition } from "./parse-condition.ts";
