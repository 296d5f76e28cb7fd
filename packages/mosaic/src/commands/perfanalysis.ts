import { countText } from "@ml-mosaic/base";
import type { CommandSpec } from "@ml-mosaic/command-line";
import { readPlotRuns } from "../plots/runs/plot-runs.ts";
import { openSqliteReader } from "../store/index.ts";
import { writePlotsWithProgress } from "./plot-progress.ts";

export const perfanalysisCommand: CommandSpec = {
  name: "perfanalysis",
  summary: "Draw every criterion of every model: its mean and how it spreads over repetitions.",
  arguments: [
    { name: "database_file", help: "database (.db)" },
    { name: "output_file", help: "file to write: .pdf, .svg, .png, or .csv for the values" },
  ],
  options: [],
  examples: ["mosaic perfanalysis results.db models.pdf"],
  async run(given, terminal) {
    const { performancePlots } = await import("../plots/pages/performance.ts");
    const reader = await openSqliteReader(given.argument("database_file"));
    try {
      for (const notice of reader.notices) terminal.err(`${notice}\n`);
      const plots = performancePlots(await readPlotRuns(reader));
      const what = countText(plots.pageCount, "model");
      return await writePlotsWithProgress(given.argument("output_file"), plots, what, terminal);
    } finally {
      await reader.close();
    }
  },
};
