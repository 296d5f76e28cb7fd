import { int, schema, within } from "@ml-mosaic/configurable";
import { selectRuns } from "../selection/select-runs.ts";
import { plotArguments, plotCommand } from "./plot-command.ts";
import { selectorOf, selectorOptions } from "./selector-options.ts";

export const plotlossCommand = plotCommand({
  spec: {
    name: "plotloss",
    summary: "Draw the train and test loss of runs, epoch by epoch.",
    arguments: plotArguments,
    options: {
      ...selectorOptions,
      // More across are too small to be seen on paper.
      plot_size: schema(within(int, { minimum: 1, maximum: 10 }), {
        default: 2,
        words: "N",
        help: "N x N plots on a page",
      }),
    },
    preconditions(given) {
      selectorOf(given);
    },
    examples: [
      "mosaic plotloss results.db losses.pdf --id all",
      "mosaic plotloss results.db losses.png --id 1-4 --plot_size 2",
      "mosaic plotloss results.db best.pdf --request 'SELECT run_id FROM run_results ORDER BY test_loss LIMIT 9' --plot_size 3",
    ],
  },
  output: (given) => given.output_file,
  async read(reader, given) {
    return { reader, runIds: await selectRuns(reader, selectorOf(given)) };
  },
  async draw({ reader, runIds }, given) {
    const { lossPlots } = await import("../plots/pages/losses.ts");
    return lossPlots(reader, runIds, given.plot_size);
  },
});
