import { countText } from "@ml-mosaic/base";
import type { CommandSpec } from "@ml-mosaic/command-line";
import { MosaicError } from "../errors.ts";
import { selectRuns } from "../selection/select-runs.ts";
import { openSqliteReader } from "../store/index.ts";
import { writePlotsWithProgress } from "./plot-progress.ts";
import { selectorOf, selectorOptions } from "./selector-options.ts";

const defaultPlotSize = 2;

export const plotlossCommand: CommandSpec = {
  name: "plotloss",
  summary: "Draw the train and test loss of runs, epoch by epoch.",
  arguments: [
    { name: "database_file", help: "database (.db)" },
    { name: "output_file", help: "file to write: .pdf, .svg, .png, or .csv for the values" },
  ],
  options: [
    ...selectorOptions,
    { name: "plot_size", value: "N", help: `N x N plots on a page (default: ${defaultPlotSize})` },
  ],
  examples: [
    "mosaic plotloss results.db losses.pdf -id all",
    "mosaic plotloss results.db losses.png -id 1-4 -plot_size 2",
    "mosaic plotloss results.db best.pdf -request 'SELECT run_id FROM run_results ORDER BY test_loss LIMIT 9' -plot_size 3",
  ],
  async run(given, terminal) {
    const selector = selectorOf(given);
    const { lossPlots } = await import("../plots/pages/losses.ts");
    const plotSize = plotSizeOf(given.option("plot_size"));
    const reader = await openSqliteReader(given.argument("database_file"));
    try {
      for (const notice of reader.notices) terminal.err(`${notice}\n`);
      const runIds = await selectRuns(reader, selector);
      const plots = lossPlots(reader, runIds, plotSize);
      return await writePlotsWithProgress(
        given.argument("output_file"),
        plots,
        countText(runIds.length, "run"),
        terminal,
      );
    } finally {
      await reader.close();
    }
  },
};

function plotSizeOf(text: string | undefined): number {
  if (text === undefined) return defaultPlotSize;
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new MosaicError("bad-usage", `-plot_size ${text}: give a whole number, 2 puts 2 x 2 plots on a page`);
}
