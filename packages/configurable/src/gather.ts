import { ConfigurationError } from "./configuration-error.ts";
import type { Problem } from "./problem.ts";
import { type Accepted, accept, construct, problemsUnder, type Reading } from "./types/type.ts";

/** One reading of many: all of their problems, or what `join` makes of the named values. */
export function gather<Step extends string | number, Value, Whole>(
  parts: readonly (readonly [Step, Reading<Value>])[],
  join: (values: readonly (readonly [Step, Value])[]) => Whole,
): Reading<Whole> {
  const read: (readonly [Step, Accepted<Value>])[] = [];
  const values: (readonly [Step, Value])[] = [];
  const problems: Problem[] = [];
  for (const [step, reading] of parts) {
    if (reading.ok) read.push([step, reading]);
    else problems.push(...reading.problems);
    if (reading.ok) values.push([step, reading.value]);
    else if (reading.value !== undefined) values.push([step, reading.value]);
  }
  if (problems.length > 0) {
    return values.length < parts.length ? { ok: false, problems } : { ok: false, problems, value: join(values) };
  }
  const value = join(read.map(([step, reading]) => [step, reading.value]));
  if (read.every(([, reading]) => reading.construct === undefined)) return accept(value);
  return {
    ok: true,
    value,
    construct: () => join(read.map(([step, reading]) => [step, constructUnder(step, reading)])),
  };
}

/** Where a constructor fails, the error says which component of the whole it was. */
function constructUnder<Value>(step: string | number, reading: Accepted<Value>): Value {
  try {
    return construct(reading);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ConfigurationError(problemsUnder(step, error.problems), { cause: error.cause });
  }
}
