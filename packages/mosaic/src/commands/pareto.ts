import type { CommandSpec } from "@ml-mosaic/command-line";
import { figureNamed } from "../figures/known-figures.ts";
import { defaultCriterion } from "../figures/run-figures.ts";
import { dataOption, drawRuns, plotArguments } from "./plot-command.ts";

const defaultCost = "nb_params";

export const paretoCommand: CommandSpec = {
  name: "pareto",
  summary: "Draw two results of every pipeline, and those of which no other is better in both (Pareto front).",
  arguments: [
    ...plotArguments,
    { name: "abscissae", help: `the result along the horizontal axis; ${defaultCost} if left out`, optional: true },
    { name: "ordinates", help: `the result along the vertical axis; ${defaultCriterion} if left out`, optional: true },
  ],
  options: [dataOption],
  examples: ["mosaic pareto results.db front.pdf", "mosaic pareto results.db front.png 'duration(s)' test_acc"],
  async run(given, terminal) {
    const { paretoPlots } = await import("../plots/pages/pareto.ts");
    const x = given.optionalArgument("abscissae") ?? defaultCost;
    const y = given.optionalArgument("ordinates") ?? defaultCriterion;
    return drawRuns(given, terminal, (runs, figures) =>
      paretoPlots(runs, [figureNamed(figures, x), figureNamed(figures, y)], given.option("data")),
    );
  },
};
