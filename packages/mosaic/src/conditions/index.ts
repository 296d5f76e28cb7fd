export type { Condition } from "./condition.ts";
export { conditionType } from "./condition-type.ts";
export { evaluate, type Lookup } from "./evaluate.ts";
export { namesIn, unknownNames } from "./names.ts";
export { parseCondition } from "./parse-condition.ts";
