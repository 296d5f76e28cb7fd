import { criterionArgument, criterionOf, dataOption, plotArguments, plotCommand, readRuns } from "./plot-command.ts";

export const importanceCommand = plotCommand({
  spec: {
    name: "importance",
    summary: "Draw how much each option matters for a result: its share of the variance between pipelines.",
    arguments: { ...plotArguments, ...criterionArgument },
    options: dataOption,
    examples: ["mosaic importance results.db importance.pdf", "mosaic importance results.db importance.csv test_acc"],
  },
  output: (given) => given.output_file,
  read: (reader, given) => readRuns(reader, (figures) => [criterionOf(given, figures)]),
  async draw({ runs, figures }, given) {
    const { importancePlots } = await import("../plots/pages/importance.ts");
    return importancePlots(runs, criterionOf(given, figures), given.data);
  },
});
