import type { Given } from "@ml-mosaic/command-line";
import { MosaicError } from "../errors.ts";
import { selectRuns } from "../selection/select-runs.ts";
import { plotArguments, plotCommand } from "./plot-command.ts";
import { selectorOf, selectorOptions } from "./selector-options.ts";

const defaultPlotSize = 2;

export const plotlossCommand = plotCommand({
  spec: {
    name: "plotloss",
    summary: "Draw the train and test loss of runs, epoch by epoch.",
    arguments: plotArguments,
    options: [
      ...selectorOptions,
      { name: "plot_size", value: "N", help: `N x N plots on a page (default: ${defaultPlotSize})` },
    ],
    examples: [
      "mosaic plotloss results.db losses.pdf -id all",
      "mosaic plotloss results.db losses.png -id 1-4 -plot_size 2",
      "mosaic plotloss results.db best.pdf -request 'SELECT run_id FROM run_results ORDER BY test_loss LIMIT 9' -plot_size 3",
    ],
  },
  async read(reader, given) {
    return { reader, plotSize: plotSizeOf(given), runIds: await selectRuns(reader, selectorOf(given)) };
  },
  async draw({ reader, runIds, plotSize }) {
    const { lossPlots } = await import("../plots/pages/losses.ts");
    return lossPlots(reader, runIds, plotSize);
  },
});

function plotSizeOf(given: Given): number {
  const text = given.option("plot_size");
  if (text === undefined) return defaultPlotSize;
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new MosaicError("bad-usage", `-plot_size ${text}: give a whole number, 2 puts 2 x 2 plots on a page`);
}
