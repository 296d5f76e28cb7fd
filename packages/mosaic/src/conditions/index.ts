export type { Condition } from "./condition.ts";
export { evaluate, type Lookup } from "./evaluate.ts";
export { parseCondition } from "./parse-condition.ts";
export { unknownNames } from "./unknown-names.ts";
