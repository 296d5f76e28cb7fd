export type { Condition } from "./condition.ts";
export { evaluate, type Lookup } from "./evaluate.ts";
export { namesIn, unknownNames } from "./names.ts";
export { parseCondition } from "./parse-condition.ts";
