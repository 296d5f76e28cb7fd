/** `log(1e-5, 1e-1, 5)`: so many numbers from the first to the second, each the same factor from the one before. */

import { numberFromText } from "./scalars.ts";
import type { TextFault } from "./text-fault.ts";

export interface Geometric {
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

const form = "log(smallest, largest, how many), as in log(1e-5, 1e-1, 5)";

/** Reads what stands in an element of a list; undefined where that is no such call. */
export function parseGeometric(written: string): Geometric | TextFault | undefined {
  const inner = /^log\s*\((.*)\)$/s.exec(written)?.[1];
  if (inner === undefined) return undefined;
  const texts = inner.split(",").map((text) => text.trim());
  const fault = (what: string, remedy: string): TextFault => ({ message: `"${written}" ${what}.`, remedy });
  const [low = "", high = "", many = ""] = texts;
  if (texts.length !== 3) {
    const given = inner.trim() === "" ? 0 : texts.length;
    return fault(`has ${given} ${given === 1 ? "number" : "numbers"} in its brackets`, `Write ${form}.`);
  }
  const bad = texts.find((text) => numberFromText(text) === undefined);
  if (bad !== undefined)
    return fault(bad === "" ? "has an empty place" : `has "${bad}", which is no number`, `Write ${form}.`);
  const [first, last, count] = [Number(low), Number(high), Number(many)];
  if (first <= 0 || last <= 0) return fault("has a bound that is not above 0", "Write bounds above 0, or a list.");
  if (!Number.isSafeInteger(count) || count < 2)
    return fault(`is to have ${many} values`, "Write a whole number of at least 2 as the last one.");
  if (first >= last)
    return first === last
      ? fault("begins where it ends", "Write two different bounds, or the value alone.")
      : fault("is empty", `Write the smaller bound first: log(${high}, ${low}, ${many}).`);
  return { first, last, count };
}

/** The texts of its numbers: the ends as they are, those between to twelve digits. */
export function geometricTexts({ first, last, count }: Geometric): readonly string[] {
  const start = Math.log(first);
  const step = (Math.log(last) - start) / (count - 1);
  return Array.from({ length: count }, (_, index) => {
    if (index === 0) return String(first);
    if (index === count - 1) return String(last);
    return String(Number(Math.exp(start + index * step).toPrecision(12)));
  });
}
