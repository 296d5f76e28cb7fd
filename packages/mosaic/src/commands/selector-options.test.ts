import { command } from "@ml-mosaic/command-line";
import { expect, test } from "vitest";
import { runForTest } from "../../test/run-for-test.ts";
import type { Selector } from "../selection/selector.ts";
import { selectorOf, selectorOptions } from "./selector-options.ts";

/** The selector that the words give, or what is said of them. */
async function given(...words: readonly string[]): Promise<Selector | string> {
  let selector: Selector | undefined;
  const select = command({
    name: "select",
    summary: "Select.",
    arguments: {},
    options: selectorOptions,
    examples: [],
    preconditions(options) {
      selectorOf(options);
    },
    async run(options) {
      selector = selectorOf(options);
      return 0;
    },
  });
  const { err } = await runForTest(select, words);
  return selector ?? err;
}

test("reads each of the ways", async () => {
  expect(await given("-id", "all")).toEqual({ kind: "all" });
  expect(await given("-request", "SELECT 1")).toEqual({ kind: "request", sql: "SELECT 1" });
  expect(await given("--where", "status = error and lr > 0.1")).toMatchObject({
    kind: "where",
    condition: { kind: "and", parts: [{ name: { name: "status" } }, { name: { name: "lr" } }] },
  });
  expect(await given("--tag", " best ")).toEqual({ kind: "tag", tag: "best" });
  for (const [option, comparison] of [
    ["param_name_and_value", "equal"],
    ["param_name_and_value_low_threshold", "at-most"],
    ["param_name_and_value_high_threshold", "at-least"],
  ] as const)
    expect(await given(`-${option}`, "lr", "0.1")).toEqual({
      kind: "value",
      condition: { name: "lr", comparison, value: "0.1" },
    });
  expect(Object.keys(selectorOptions)).toHaveLength(7);
});

test.each([
  [" ", "There is no condition. Write one, as in MLP.depth > 4."],
  ["status", '"status" at character 1 is compared with nothing. Write what it is to be, as in status = True.'],
  ["status = ", '"=" at character 8 has no value behind it. Write one; an empty text is "".'],
  ["lr => 1", '"=>" at character 4 is no comparison. Write >=.'],
  [
    "lr > small",
    '"small" at character 6 is no number, and > compares numbers. Write a number, or compare with = or !=.',
  ],
  ["status = error && lr = 1", '"&&" at character 16 follows a condition that has ended. Write and.'],
  ["(lr = 1", '"(" at character 1 is not closed. Write ) where it ends.'],
  ["tag in best", '"in" at character 5 is not followed by values in parentheses. Write tag in (best).'],
  [
    "note = look again",
    '"again" at character 13 follows a condition that has ended. Write and or or before it; texts with spaces need quotes: "look again".',
  ],
  ["0.1 < test_loss", '"0.1" at character 1 is a number, where a name belongs. Write the name first: test_loss > 0.1.'],
])("--where '%s' is refused before a database is opened", async (text, message) => {
  expect(await given("--where", text)).toBe(
    `mosaic_select: --where: ${message}\n(mosaic_select --help shows how it is used)\n`,
  );
});

test("wants exactly one, and well-formed", async () => {
  expect(await given()).toMatch(
    /say which runs are meant, with one of --id, --request, --where, --tag, --param_name_and/,
  );
  expect(await given("-id", "1", "-request", "SELECT 1")).toMatch("in one way only");
  expect(await given("-id", "3-1", "-param_name_and_value_low_threshold", "lr", "wide")).toMatch(
    /^2 problems:\n .*--id: expected ids such as .*, got "3-1"\n.*: expected a name and a number, got \[ 'lr', 'wide' \]\n/,
  );
});
