import type { CommandSpec } from "@ml-mosaic/command-line";
import { MosaicError } from "../errors.ts";
import { figureNamed } from "../figures/known-figures.ts";
import { defaultCriterion } from "../figures/run-figures.ts";
import type { ParallelColor } from "../plots/pages/parallel.ts";
import { criterionArgument, dataOption, drawRuns, plotArguments } from "./plot-command.ts";

export const parallelCommand: CommandSpec = {
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
  async run(given, terminal) {
    const color = colorOf(given.option("color"));
    const { parallelPlots } = await import("../plots/pages/parallel.ts");
    const criterion = given.optionalArgument("criterion") ?? defaultCriterion;
    const dataKey = given.option("data");
    return drawRuns(given, terminal, (runs, figures) =>
      parallelPlots(runs, figureNamed(figures, criterion), { dataKey, color }),
    );
  },
};

function colorOf(text = "criterion"): ParallelColor {
  if (text === "criterion" || text === "model") return text;
  throw new MosaicError("bad-usage", `--color ${text}: lines are coloured by "criterion" or by "model"`);
}
