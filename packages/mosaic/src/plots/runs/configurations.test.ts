import { expect, test } from "vitest";
import { configurationsOf } from "./configurations.ts";

test("of no run it says so, without a word on what is left out", () => {
  expect(() => configurationsOf([], ["test_loss"])).toThrow(/^no run has a finite test_loss\. No run has any result$/);
});
