import { expect, test } from "vitest";
import { wholeText } from "./number-text.ts";

test.each([0, 7, 999, 1000, 99_999, 123_456, 1_000_000, 1_234_567_890, -1234, -123])(
  "%d is written as English has it",
  (value) => {
    expect(wholeText(value)).toBe(new Intl.NumberFormat("en-US").format(value));
  },
);
