import type { Problem, ValueProblem } from "../problem.ts";
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
        if (reading.problems.every(isInside)) inside.push(reading.problems);
      }
      // Where one member alone took the value's outer form, its problems say more than "none of these".
      const [closest, ...others] = inside;
      if (closest === undefined) return refuse(value, expected);
      if (others.length === 0) return { ok: false, problems: closest };
      // Of components it is the one that knows the type.
      const knowing = inside.filter((problems) => !problems.some(isOfType));
      const [chosen, ...more] = knowing;
      if (chosen !== undefined && more.length === 0) return { ok: false, problems: chosen };
      const unknown = knowing.length === 0 ? joined(inside.flat().filter(isOfType)) : undefined;
      return unknown === undefined ? refuse(value, expected) : { ok: false, problems: [unknown] };
    },
  };
}

function isInside({ kind, path }: Problem): boolean {
  return path.length > 0 || kind === "precondition";
}

function isOfType(problem: Problem): problem is ValueProblem {
  return "expected" in problem && problem.path.length === 1 && problem.path[0] === "type";
}

/** No member knows the type: what all of them know. */
function joined(problems: readonly ValueProblem[]): ValueProblem | undefined {
  const [first] = problems;
  if (first === undefined) return undefined;
  const nearest = problems.find((problem) => problem.nearest !== undefined)?.nearest;
  return { ...first, expected: problems.map(({ expected }) => expected).join(" or "), nearest };
}
