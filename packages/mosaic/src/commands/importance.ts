import type { CommandSpec } from "@ml-mosaic/command-line";
import { defaultCriterion } from "../compare/criterion.ts";
import { criterionArgument, dataOption, drawRuns, plotArguments } from "./plot-command.ts";

export const importanceCommand: CommandSpec = {
  name: "importance",
  summary: "Draw how much each option matters for a result: its share of the variance between pipelines.",
  arguments: [...plotArguments, criterionArgument],
  options: [dataOption],
  examples: ["mosaic importance results.db importance.pdf", "mosaic importance results.db importance.csv test_acc"],
  async run(given, terminal) {
    const { importancePlots } = await import("../plots/pages/importance.ts");
    const criterion = given.optionalArgument("criterion") ?? defaultCriterion;
    return drawRuns(given, terminal, (runs) => importancePlots(runs, criterion, given.option("data")));
  },
};
