import { schema, string } from "@ml-mosaic/configurable";
import { figureNamed } from "../figures/known-figures.ts";
import { defaultCriterion } from "../figures/run-figures.ts";
import { dataOption, plotArguments, plotCommand, readRuns } from "./plot-command.ts";

const defaultCost = "nb_params";

export const paretoCommand = plotCommand({
  spec: {
    name: "pareto",
    summary: "Draw two results of every pipeline, and those of which no other is better in both (Pareto front).",
    arguments: {
      ...plotArguments,
      abscissae: schema(string, { default: defaultCost, help: "the result along the horizontal axis" }),
      ordinates: schema(string, { default: defaultCriterion, help: "the result along the vertical axis" }),
    },
    options: dataOption,
    examples: ["mosaic pareto results.db front.pdf", "mosaic pareto results.db front.png 'duration(s)' test_acc"],
  },
  output: (given) => given.output_file,
  read: (reader, given) =>
    readRuns(reader, (figures) => [given.abscissae, given.ordinates].map((name) => figureNamed(figures, name))),
  async draw({ runs, figures }, given) {
    const { paretoPlots } = await import("../plots/pages/pareto.ts");
    const x = figureNamed(figures, given.abscissae);
    const y = figureNamed(figures, given.ordinates);
    return paretoPlots(runs, [x, y], given.data);
  },
});
