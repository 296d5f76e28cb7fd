import { expect, test } from "vitest";
import { countText, wholeText } from "./count-text.ts";

test("one is no plural", () => {
  expect([countText(0, "run"), countText(1, "run"), countText(2, "run")]).toEqual(["0 runs", "1 run", "2 runs"]);
  expect(countText(1600, "run")).toBe("1,600 runs");
});

test("whole numbers have commas", () => {
  const numbers = [0, -1, 999, 1000, -1000, 123_456, -1_234_567.4, 1e15];
  const texts = ["0", "-1", "999", "1,000", "-1,000", "123,456", "-1,234,567", "1,000,000,000,000,000"];
  expect(numbers.map(wholeText)).toEqual(texts);
});
