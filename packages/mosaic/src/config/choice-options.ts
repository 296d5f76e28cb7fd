/** The options of [PROCESS] that say which of all pipelines are meant. They are no part of what a run trains. */
import {
  int,
  parseValue,
  type Reading,
  refuse,
  schema,
  type TextFault,
  type Type,
  textProblem,
  within,
} from "@ml-mosaic/configurable";
import { conditionType } from "../conditions/index.ts";

/** Names of options that go together, group by group. */
const groups: Type<string[][]> = {
  expected: "options with commas between them, as in MLP.width, MLP.depth",
  read: (value) => {
    if (typeof value !== "string") return refuse(value, groups.expected);
    const parts = value.split(";").map((part) => [part.trim(), parseValue(part, { braces: "text" })] as const);
    const faults = parts.flatMap(([text, parsed]) => {
      if (!parsed.ok) return parsed.faults;
      const { values } = parsed.value;
      if (values.length === 0) return [emptyGroup];
      return values.length > 1
        ? []
        : [
            {
              message: `"${text}" stands alone.`,
              remedy: "Write what it goes together with, as in MLP.width, MLP.depth.",
            },
          ];
    });
    if (faults.length > 0) return refused(faults);
    return { ok: true, value: parts.map(([, parsed]) => (parsed.ok ? [...parsed.value.values] : [])) };
  },
};

const emptyGroup: TextFault = {
  message: "A group of options is empty.",
  remedy: "Remove the extra semicolon, or write options as in MLP.width, MLP.depth.",
};

function refused(faults: readonly TextFault[]): Reading<never> {
  return { ok: false, problems: faults.map(textProblem) };
}

export const choiceOptions = {
  zip: schema(groups, {
    optional: true,
    help: "Options whose lists go together, first with first, second with second; a semicolon begins the next group",
  }),
  exclude: schema(conditionType, { optional: true, help: "Leave out the pipelines of which this condition holds" }),
  sample: schema(within(int, { minimum: 1 }), {
    optional: true,
    help: "Take so many of the pipelines that are left, drawn by the seed; a larger sample has all of a smaller one",
  }),
};
