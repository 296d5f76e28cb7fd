import { plotArguments, plotCommand, readRuns } from "./plot-command.ts";

export const perfanalysisCommand = plotCommand({
  spec: {
    name: "perfanalysis",
    summary: "Draw every criterion of every model: its mean and how it spreads over repetitions.",
    arguments: plotArguments,
    options: {},
    examples: ["mosaic perfanalysis results.db models.pdf"],
  },
  output: (given) => given.output_file,
  read: (reader) => readRuns(reader),
  async draw({ runs, figures }) {
    const { performancePlots } = await import("../plots/pages/performance.ts");
    return performancePlots(runs, figures);
  },
});
