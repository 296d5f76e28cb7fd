import { literal, schema } from "@ml-mosaic/configurable";
import { criterionArgument, criterionOf, dataOption, plotArguments, plotCommand, readRuns } from "./plot-command.ts";

export const parallelCommand = plotCommand({
  spec: {
    name: "parallel",
    summary: "Draw every pipeline as a line through its options to its result (parallel coordinates).",
    arguments: { ...plotArguments, ...criterionArgument },
    options: {
      ...dataOption,
      color: schema(literal("criterion", "model"), {
        default: "criterion",
        words: "BY",
        help: "colour lines by criterion, or by model key",
      }),
    },
    examples: [
      "mosaic parallel results.db options.pdf",
      "mosaic parallel results.db options.png test_acc --data data_Digits --color model",
    ],
  },
  output: (given) => given.output_file,
  read: (reader, given) => readRuns(reader, (figures) => [criterionOf(given, figures)]),
  async draw({ runs, figures }, given) {
    const { parallelPlots } = await import("../plots/pages/parallel.ts");
    const color = given.color;
    return parallelPlots(runs, { criterion: criterionOf(given, figures), dataKey: given.data, color });
  },
});
