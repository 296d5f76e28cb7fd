// Plot commands that read all runs and draw something of them.
import type { ArgumentSpec, ExitCode, Given, OptionSpec, Terminal } from "@ml-mosaic/command-line";
import type { Figure } from "../figures/figure.ts";
import { readFigures } from "../figures/known-figures.ts";
import { defaultCriterion } from "../figures/run-figures.ts";
import type { Plots } from "../plots/pages/page.ts";
import { type PlotRun, readPlotRuns } from "../plots/runs/plot-runs.ts";
import { openSqliteReader } from "../store/index.ts";
import { writePlotsWithProgress } from "./plot-progress.ts";

export const plotArguments: readonly ArgumentSpec[] = [
  { name: "database_file", help: "database (.db)" },
  { name: "output_file", help: "file to write: .pdf, .svg, .png, or .csv for the values" },
];

export const criterionArgument: ArgumentSpec = {
  name: "criterion",
  help: `a result such as test_loss, test_acc, trainability or duration(s); ${defaultCriterion} if left out`,
  optional: true,
};

export const dataOption: OptionSpec = { name: "data", value: "KEY", help: "this data set only; else a page for each" };

export async function drawRuns(
  given: Given,
  terminal: Terminal,
  draw: (runs: readonly PlotRun[], figures: readonly Figure[]) => Plots | Promise<Plots>,
): Promise<ExitCode> {
  const reader = await openSqliteReader(given.argument("database_file"));
  try {
    for (const notice of reader.notices) terminal.err(`${notice}\n`);
    const plots = await draw(await readPlotRuns(reader), await readFigures(reader));
    return await writePlotsWithProgress(given.argument("output_file"), plots, plots.title, terminal);
  } finally {
    await reader.close();
  }
}
