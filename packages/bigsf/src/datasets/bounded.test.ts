import { float, int } from "@ml-mosaic/configurable";
import { expect, test } from "vitest";
import { bounded } from "./bounded.ts";

test("both limits are included, and said", () => {
  const share = bounded(float, { min: 0, max: 1 });
  for (const value of [0, 0.5, 1]) expect(share.read(value)).toEqual({ ok: true, value });
  for (const value of [-0.1, 1.1, Number.NaN, "0.5", null]) expect(share.read(value).ok).toBe(false);
  expect(share.expected).toBe("a number from 0 to 1");
  const count = bounded(int, { min: 1 });
  expect(count.read(1e9).ok).toBe(true);
  for (const value of [0, 1.5, Number.POSITIVE_INFINITY]) expect(count.read(value).ok).toBe(false);
  expect(count.expected).toBe("an integer, 1 or more");
  expect(bounded(float, { min: 0 }).read(Number.POSITIVE_INFINITY).ok).toBe(false);
});
