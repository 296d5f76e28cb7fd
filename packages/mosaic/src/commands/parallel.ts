import { MosaicError } from "../errors.ts";
import { type ParallelColor, parallelColors } from "../plots/charts/parallel-chart.ts";
import { criterionArgument, criterionOf, dataOption, plotArguments, plotCommand, readRuns } from "./plot-command.ts";

export const parallelCommand = plotCommand({
  spec: {
    name: "parallel",
    summary: "Draw every pipeline as a line through its options to its result (parallel coordinates).",
    arguments: [...plotArguments, criterionArgument],
    options: [
      dataOption,
      { name: "color", value: "BY", help: "colour lines by criterion (default) or by model key: model" },
    ],
    examples: [
      "mosaic parallel results.db options.pdf",
      "mosaic parallel results.db options.png test_acc --data data_Digits --color model",
    ],
  },
  read: readRuns,
  async draw({ runs, figures }, given) {
    const { parallelPlots } = await import("../plots/pages/parallel.ts");
    const color = colorOf(given.option("color"));
    return parallelPlots(runs, { criterion: criterionOf(given, figures), dataKey: given.option("data"), color });
  },
});

function colorOf(text: string = parallelColors[0]): ParallelColor {
  const color = parallelColors.find((one) => one === text);
  if (color !== undefined) return color;
  throw new MosaicError("bad-usage", `--color ${text}: lines are coloured by "criterion" or by "model"`);
}
