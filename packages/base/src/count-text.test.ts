import { expect, test } from "vitest";
import { countText } from "./count-text.ts";

test("one is no plural", () => {
  expect([countText(0, "run"), countText(1, "run"), countText(2, "run")]).toEqual(["0 runs", "1 run", "2 runs"]);
  expect(countText(1600, "run")).toBe("1,600 runs");
});
