import { refuse, type Type, textProblem } from "@ml-mosaic/configurable";
import type { Condition } from "./condition.ts";
import { parseCondition } from "./parse-condition.ts";

/** A condition as the value of an option. */
export const conditionType: Type<Condition> = {
  expected: "a condition, as in MLP.depth > 4",
  read: (value) => {
    if (typeof value !== "string") return refuse(value, conditionType.expected);
    const parsed = parseCondition(value);
    return parsed.ok ? { ok: true, value: parsed.condition } : { ok: false, problems: [textProblem(parsed.fault)] };
  },
};
