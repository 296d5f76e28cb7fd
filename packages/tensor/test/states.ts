/** What tests ask of the states of trainings. */
import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { TrainingState } from "../src/program/layout.ts";

/** Equal for states of equal bits. */
export function bitsOf({ parameters, slots }: TrainingState): string {
  const hash = createHash("sha256");
  for (const values of [...parameters, ...slots.flatMap((each) => Object.values(each))]) hash.update(values);
  return hash.digest("hex");
}

/**
 * Largest distance, relative to the largest of the expected numbers.
 *
 * @param least what counts as the largest where all are smaller
 */
export function relativeDistance(actual: readonly number[], expected: readonly number[], least = 0): number {
  expect(actual.length).toBe(expected.length);
  const largest = Math.max(...expected.map(Math.abs), least);
  return Math.max(...expected.map((value, index) => Math.abs(value - (actual[index] ?? Number.NaN)))) / largest;
}
