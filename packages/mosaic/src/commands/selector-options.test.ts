import type { Given } from "@ml-mosaic/command-line";
import { expect, it } from "vitest";
import { selectorOf, selectorOptions } from "./selector-options.ts";

function given(options: Readonly<Record<string, string | readonly [string, string]>>): Given {
  return {
    argument: () => "",
    optionalArgument: () => undefined,
    switched: () => false,
    option: (name) => {
      const value = options[name];
      return typeof value === "string" ? value : undefined;
    },
    pair: (name) => {
      const value = options[name];
      return value === undefined || typeof value === "string" ? undefined : value;
    },
  };
}

it("reads each of the five", () => {
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

it("wants exactly one", () => {
  expect(() => selectorOf(given({}))).toThrow(/say which runs are meant, with one of -id, -request, -param_name_and/);
  expect(() => selectorOf(given({ id: "1", request: "SELECT 1" }))).toThrow("in one way only");
});
