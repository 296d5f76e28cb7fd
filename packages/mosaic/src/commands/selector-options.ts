/** The options by which a command's user says which runs are meant. */
import type { Given, OptionSpec } from "@ml-mosaic/command-line";
import { MosaicError } from "../errors.ts";
import { parseIds, type Selector, valueSelector } from "../selection/selector.ts";

const comparisons = [
  ["param_name_and_value", "equal"],
  ["param_name_and_value_low_threshold", "at-most"],
  ["param_name_and_value_high_threshold", "at-least"],
] as const;

const named = { value: "NAME", secondValue: "VALUE" } as const;

/** To be listed among a command's options; `selectorOf` reads them. */
export const selectorOptions = [
  { name: "id", value: "IDS", help: "runs by id: 1, 1-3, 1,4,7-9 or all" },
  { name: "request", value: "SQL", help: "runs whose ids one SELECT gives in its first column" },
  { name: "param_name_and_value", ...named, help: "runs whose option or result NAME is VALUE" },
  { name: "param_name_and_value_low_threshold", ...named, help: "runs whose option or result NAME is at most VALUE" },
  { name: "param_name_and_value_high_threshold", ...named, help: "runs whose option or result NAME is at least VALUE" },
] as const satisfies readonly OptionSpec[];

/** @throws MosaicError unless exactly one of the options is given, and well-formed */
export function selectorOf(given: Given<readonly [], typeof selectorOptions>): Selector {
  const selectors: Selector[] = [];
  const ids = given.id;
  if (ids !== undefined) selectors.push(parseIds(ids));
  const sql = given.request;
  if (sql !== undefined) selectors.push({ kind: "request", sql });
  for (const [option, comparison] of comparisons) {
    const pair = given[option];
    if (pair !== undefined) selectors.push(valueSelector(comparison, ...pair));
  }
  const [selector, ...others] = selectors;
  if (selector !== undefined && others.length === 0) return selector;
  const names = selectorOptions.map(({ name }) => `-${name}`).join(", ");
  const fault = selector === undefined ? "say which runs are meant" : "say in one way only which runs are meant";
  throw new MosaicError("BAD_SELECTOR", `${fault}, with one of ${names}`);
}
