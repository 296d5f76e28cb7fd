import { expect, test } from "vitest";
import { Latest } from "./latest.ts";

test("what was used last stays, what was not goes first, and what is too large is never kept", () => {
  const made: string[] = [];
  const latest = new Latest<string>(2);
  const use = (key: string, isKept?: (value: string) => boolean) =>
    latest.for(
      key,
      () => {
        made.push(key);
        return `${key}!`;
      },
      isKept,
    );
  for (const key of ["a", "b", "a", "c"]) expect(use(key)).toBe(`${key}!`);
  expect(made).toEqual(["a", "b", "c"]);
  use("a");
  expect(made).toHaveLength(3);
  use("b");
  expect(made).toEqual(["a", "b", "c", "b"]);
  use("large", () => false);
  use("large", () => false);
  use("a");
  use("b");
  expect(made).toEqual(["a", "b", "c", "b", "large", "large"]);
});
