import { type Reading, refuse, type Type } from "./type.ts";

/**
 * A type of which only some values are right.
 *
 * @param type what the value is first
 * @param expected what it has to be, to be read after "expected": `an integer above 0`
 * @param holds whether a value is right; a component that it is given has its options, and nothing else yet
 *
 * @example
 * const positive = refine(int, "an integer above 0", (value) => value > 0);
 */
export function refine<Value>(type: Type<Value>, expected: string, holds: (value: Value) => boolean): Type<Value> {
  return {
    ...type,
    expected,
    read: (value, options): Reading<Value> => {
      const reading = type.read(value, options);
      if (reading.ok) return holds(reading.value) ? reading : refuse(value, expected);
      // What is wrong inside of a list, or with its text, says more than that the list is wrong.
      return reading.problems.every(({ kind, path }) => kind !== "text" && path.length === 0)
        ? refuse(value, expected)
        : reading;
    },
  };
}
