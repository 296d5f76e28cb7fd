import { expect, test } from "vitest";
import { nearestName } from "./nearest-name.ts";

test.each([
  ["lenght", ["length", "width"], "length"],
  ["LENGTH", ["width", "length"], "length"],
  ["widt", ["length", "width"], "width"],
  ["lr", ["l", "lr_decay"], "l"],
  ["batch", ["length", "width"], undefined],
  ["a", [], undefined],
  ["x", ["y"], undefined],
  ["X", ["x"], "x"],
  ["", ["a"], undefined],
  ["x".repeat(100_000), ["length"], undefined],
])("%s", (written, known, expected) => {
  expect(nearestName(written, known)).toBe(expected);
});
