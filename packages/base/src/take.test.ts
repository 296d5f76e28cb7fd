import { expect, test } from "vitest";
import { take } from "./take.ts";

test("takes some, leaves the others, and takes what there is", () => {
  const numbers = [1, 2, 3, 4, 5].values();
  expect([...take(numbers, 2)]).toEqual([1, 2]);
  expect([...take(numbers, 0)]).toEqual([]);
  expect([...take(numbers, 9)]).toEqual([3, 4, 5]);
  expect([...take(numbers, 1)]).toEqual([]);
});
