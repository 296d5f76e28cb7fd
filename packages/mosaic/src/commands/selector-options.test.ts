import type { Given } from "@ml-mosaic/command-line";
import { expect, test } from "vitest";
import { selectorOf, selectorOptions } from "./selector-options.ts";

type Options = Given<readonly [], typeof selectorOptions>;

function given(options: Partial<Options>): Options {
  return {
    id: undefined,
    request: undefined,
    param_name_and_value: undefined,
    param_name_and_value_low_threshold: undefined,
    param_name_and_value_high_threshold: undefined,
    ...options,
  };
}

test("reads each of the five", () => {
  expect(selectorOf(given({ id: "all" }))).toEqual({ kind: "all" });
  expect(selectorOf(given({ request: "SELECT 1" }))).toEqual({ kind: "request", sql: "SELECT 1" });
  for (const [option, comparison] of [
    ["param_name_and_value", "equal"],
    ["param_name_and_value_low_threshold", "at-most"],
    ["param_name_and_value_high_threshold", "at-least"],
  ] as const)
    expect(selectorOf(given({ [option]: ["lr", "0.1"] }))).toEqual({
      kind: "value",
      condition: { name: "lr", comparison, value: "0.1" },
    });
  expect(selectorOptions.map(({ name }) => name)).toHaveLength(5);
});

test("wants exactly one", () => {
  expect(() => selectorOf(given({}))).toThrow(/say which runs are meant, with one of -id, -request, -param_name_and/);
  expect(() => selectorOf(given({ id: "1", request: "SELECT 1" }))).toThrow("in one way only");
});
