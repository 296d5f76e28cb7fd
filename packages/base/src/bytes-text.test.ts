import { expect, test } from "vitest";
import { bytesText } from "./bytes-text.ts";

test.each([
  [0, "0 bytes"],
  [999, "999 bytes"],
  [1000, "1.00 kB"],
  [60_799_964, "60.8 MB"],
  [346_917_168, "347 MB"],
  [999_600, "1.00 MB"],
  [2.4e12, "2.40 TB"],
])("%d bytes", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});
