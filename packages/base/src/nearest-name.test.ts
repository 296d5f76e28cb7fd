import { expect, test } from "vitest";
import { nearestName, nearestNames } from "./nearest-name.ts";

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

test("all names, the nearest first", () => {
  const names = ["lr", "test_loss", "MlpBrick_width", "epochs"];
  expect(nearestNames("width", names)[0]).toBe("MlpBrick_width");
  expect(nearestNames("tets_los", names)[0]).toBe("test_loss");
  expect(nearestNames("", names)).toHaveLength(4);
});
