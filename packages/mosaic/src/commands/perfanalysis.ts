import type { CommandSpec } from "@ml-mosaic/command-line";
import { drawRuns, plotArguments } from "./plot-command.ts";

export const perfanalysisCommand: CommandSpec = {
  name: "perfanalysis",
  summary: "Draw every criterion of every model: its mean and how it spreads over repetitions.",
  arguments: plotArguments,
  options: [],
  examples: ["mosaic perfanalysis results.db models.pdf"],
  async run(given, terminal) {
    const { performancePlots } = await import("../plots/pages/performance.ts");
    return drawRuns(given, terminal, performancePlots);
  },
};
