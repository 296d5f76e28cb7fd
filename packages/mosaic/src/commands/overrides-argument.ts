/** `PROCESS.lr=1e-3` behind the files of a command. */
import { list, schema, string } from "@ml-mosaic/configurable";
import { isOverride } from "../config/index.ts";

export const overridesArgument = {
  overrides: schema(list(string), {
    optional: true,
    help: "values instead of those of the file: SECTION.option=value, as in PROCESS.lr=1e-3 MLP.width=64,128",
  }),
};

/** An objection where such a word stands in the place of a file that is to be written. */
export function* misplacedOverride(argument: string, word: string) {
  if (!isOverride(word)) return;
  yield { option: argument, message: `missing: ${JSON.stringify(word)} stands in its place, and goes behind it` };
}
