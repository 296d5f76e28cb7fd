import type { Problem } from "./problem.ts";
import { refuse, type Type } from "./type.ts";

/**
 * Any of several types. The first one that accepts the value wins, so the narrower goes first: as text, `"4"` is an
 * integer for `union(int, string)` and a string for `union(string, int)`.
 */
export function union<Values extends readonly [unknown, ...unknown[]]>(
  ...types: { readonly [Index in keyof Values]: Type<Values[Index]> }
): Type<Values[number]> {
  const members: readonly Type<Values[number]>[] = types;
  const expected = members.map((member) => member.expected).join(" or ");
  return {
    expected,
    form: { kind: "union", members },
    read: (value, options) => {
      const inside: (readonly Problem[])[] = [];
      for (const member of members) {
        const reading = member.read(value, options);
        if (reading.ok) return reading;
        if (reading.problems.every((problem) => problem.path.length > 0)) inside.push(reading.problems);
      }
      // Where one member alone took the value's outer form, its problems say more than "none of these".
      const [closest, ...others] = inside;
      return closest !== undefined && others.length === 0 ? { ok: false, problems: closest } : refuse(value, expected);
    },
  };
}
