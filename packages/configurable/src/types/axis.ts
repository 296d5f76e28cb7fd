import type { Type } from "./type.ts";

/**
 * A value of which a file may give several, to compare them: each makes a configuration of its own. It reads one value;
 * who reads the file takes the several apart.
 *
 * @example
 * const options = { lr: schema(axis(float)) }; // lr = 0.1, 0.01
 */
export function axis<Value>(type: Type<Value>): Type<Value> {
  return { ...type, form: { kind: "axis", value: type } };
}
