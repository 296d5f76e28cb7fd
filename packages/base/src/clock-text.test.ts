import { expect, test } from "vitest";
import { clockText } from "./clock-text.ts";

test.each([
  [0, "00:00"],
  [59.6, "01:00"],
  [125, "02:05"],
  [3600, "1:00:00"],
  [-1, "00:00"],
])("%s seconds", (seconds, text) => {
  expect(clockText(seconds)).toBe(text);
});
