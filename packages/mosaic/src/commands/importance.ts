import type { CommandSpec } from "@ml-mosaic/command-line";
import { figureNamed } from "../figures/known-figures.ts";
import { defaultCriterion } from "../figures/run-figures.ts";
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
    return drawRuns(given, terminal, (runs, figures) =>
      importancePlots(runs, figureNamed(figures, criterion), given.option("data")),
    );
  },
};
