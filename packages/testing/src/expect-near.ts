/** Numbers of ours against numbers that are known better. */
import { expect } from "vitest";

/** A fixture's numbers; what JSON cannot say is a text. */
export type Numbers = readonly (number | string)[];

/** How far a number may be off: by the sum of these. */
export interface Tolerance {
  readonly absolute?: number;
  /** Times the number. */
  readonly relative?: number;
  /** Times the largest of all, where small ones are differences of large ones. */
  readonly ofLargest?: number;
  /** The largest counts as no less than this. */
  readonly leastLargest?: number;
}

const named: ReadonlyMap<number | string, number> = new Map([
  ["inf", Number.POSITIVE_INFINITY],
  ["-inf", Number.NEGATIVE_INFINITY],
]);

export function numbersOf(values: ArrayLike<number | string>): number[] {
  return Array.from(values, (value) => named.get(value) ?? Number(value));
}

/** The first number that is off, in words; nothing, if none is. */
export function difference(
  actual: ArrayLike<number | bigint>,
  expected: ArrayLike<number | string>,
  { absolute = 0, relative = 0, ofLargest = 0, leastLargest = 0 }: Tolerance,
): string | undefined {
  if (actual.length !== expected.length) return `${actual.length} elements instead of ${expected.length}`;
  const wanted = numbersOf(expected);
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), leastLargest);
  const common = absolute + (ofLargest === 0 ? 0 : ofLargest * largest);
  for (const [index, value] of wanted.entries()) {
    const found = Number(actual[index]);
    if (Object.is(found, value) || found === value) continue;
    if (!(Math.abs(found - value) <= common + relative * Math.abs(value)))
      return `${found} instead of ${value} (element ${index} of [${Array.from(actual)}], which should be [${wanted}])`;
  }
  return undefined;
}

/** @param what they are, where the failure is to say it */
export function expectNear(
  actual: number | ArrayLike<number | bigint>,
  expected: number | ArrayLike<number | string>,
  tolerance: Tolerance,
  what = "",
): void {
  const wrong = difference(
    typeof actual === "number" ? [actual] : actual,
    typeof expected === "number" ? [expected] : expected,
    tolerance,
  );
  if (wrong !== undefined) expect.fail(what === "" ? wrong : `${what}: ${wrong}`);
}
