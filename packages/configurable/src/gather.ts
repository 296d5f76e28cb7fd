import type { Problem } from "./problem.ts";
import { type Accepted, accept, construct, type Reading } from "./type.ts";

/** One reading of many: all of their problems, or what `join` makes of the named values. */
export function gather<Step extends string | number, Value, Whole>(
  parts: readonly (readonly [Step, Reading<Value>])[],
  join: (values: readonly (readonly [Step, Value])[]) => Whole,
): Reading<Whole> {
  const read: (readonly [Step, Accepted<Value>])[] = [];
  const problems: Problem[] = [];
  for (const [step, reading] of parts) {
    if (reading.ok) read.push([step, reading]);
    else problems.push(...reading.problems);
  }
  if (problems.length > 0) return { ok: false, problems };
  const value = join(read.map(([step, reading]) => [step, reading.value]));
  if (read.every(([, reading]) => reading.construct === undefined)) return accept(value);
  return { ok: true, value, construct: () => join(read.map(([step, reading]) => [step, construct(reading)])) };
}
