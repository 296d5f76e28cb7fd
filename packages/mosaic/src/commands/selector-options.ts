/** The options by which a command's user says which runs are meant. */
import { type Infer, schema, string } from "@ml-mosaic/configurable";
import { conditionType } from "../conditions/index.ts";
import { MosaicError } from "../errors.ts";
import { runIds, runsByValue, type Selector } from "../selection/selector.ts";
import { tagName } from "../selection/tag-name.ts";

const named = { optional: true, words: "NAME VALUE" } as const;

/** To be listed among a command's options; `selectorOf` is its precondition, and says which is given. */
export const selectorOptions = {
  id: schema(runIds, { optional: true, words: "IDS", help: "runs by id: 1, 1-3, 1,4,7-9 or all" }),
  request: schema(string, {
    optional: true,
    words: "SQL",
    help: "runs whose ids one SELECT gives in its first column",
  }),
  where: schema(conditionType, {
    optional: true,
    words: "CONDITION",
    help: "runs of which it holds: status = error and MLP.depth > 2 and test_loss > 0.1",
  }),
  tag: schema(tagName, { optional: true, words: "NAME", help: "runs that mosaic tag has given this tag" }),
  param_name_and_value: schema(runsByValue("equal"), {
    ...named,
    help: "runs whose option or result NAME is VALUE",
  }),
  param_name_and_value_low_threshold: schema(runsByValue("at-most"), {
    ...named,
    help: "runs whose option or result NAME is at most VALUE",
  }),
  param_name_and_value_high_threshold: schema(runsByValue("at-least"), {
    ...named,
    help: "runs whose option or result NAME is at least VALUE",
  }),
};

/** For a command that is about all runs where none are selected. */
export function optionalSelectorOf(given: Infer<typeof selectorOptions>): Selector | undefined {
  const isGiven = Object.keys(selectorOptions).some((name) => Reflect.get(given, name) !== undefined);
  return isGiven ? selectorOf(given) : undefined;
}

/** @throws MosaicError unless exactly one of the options is given: a precondition of the command */
export function selectorOf({ request: sql, id, where, tag, ...byValue }: Infer<typeof selectorOptions>): Selector {
  const request = sql === undefined ? undefined : ({ kind: "request", sql } as const);
  const [selector, ...others] = [
    id,
    request,
    where === undefined ? undefined : ({ kind: "where", condition: where } as const),
    tag === undefined ? undefined : ({ kind: "tag", tag } as const),
    byValue.param_name_and_value,
    byValue.param_name_and_value_low_threshold,
    byValue.param_name_and_value_high_threshold,
  ].filter((each) => each !== undefined);
  if (selector !== undefined && others.length === 0) return selector;
  const names = Object.keys(selectorOptions).map((name) => `--${name}`);
  const fault = selector === undefined ? "say which runs are meant" : "say in one way only which runs are meant";
  throw new MosaicError("BAD_SELECTOR", `${fault}, with one of ${names.join(", ")}`);
}
