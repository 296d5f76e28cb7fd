/** The one kind of plot command: what it is called, what it reads of a database, what it draws of that. */
import { countText } from "@ml-mosaic/base";
import {
  type ArgumentSpec,
  type CommandSpec,
  type ExitCode,
  type Given,
  interruptible,
  type OptionSpec,
  type Terminal,
} from "@ml-mosaic/command-line";
import type { Figure } from "../figures/figure.ts";
import { figureNamed, readFigures } from "../figures/known-figures.ts";
import { defaultCriterion } from "../figures/run-figures.ts";
import type { Plots } from "../plots/pages/page.ts";
import { type PlotRun, readPlotRuns } from "../plots/runs/plot-runs.ts";
import type { StoreReader } from "../store/index.ts";
import { databaseArgument, readDatabase } from "./read-database.ts";

export interface PlotCommand<Data> {
  readonly spec: Omit<CommandSpec, "run">;
  /** @throws for what the command line asks in vain */
  read(reader: StoreReader, given: Given): Promise<Data>;
  /** The libraries that draw are heavy: it imports them when it is called. */
  draw(data: Data, given: Given): Promise<Plots>;
  /** The file to write, where it is not simply the output file; undefined draws nothing. */
  output?(given: Given): string | undefined;
  /** What is told besides, perhaps to a program. */
  print?(data: Data, given: Given): string;
}

export const plotArguments: readonly ArgumentSpec[] = [
  databaseArgument,
  { name: "output_file", help: "file to write: .pdf, .svg, .png, or .csv for the values" },
];

export const criterionArgument: ArgumentSpec = {
  name: "criterion",
  help: `a result such as test_loss, trainability or duration(s), or a metric such as f1; ${defaultCriterion} if left out`,
  optional: true,
};

export const dataOption: OptionSpec = { name: "data", value: "KEY", help: "this data set only; else a page for each" };

/** What most plots are of: all runs, and the figures that they can have. */
export interface PlottedRuns {
  readonly runs: readonly PlotRun[];
  readonly figures: readonly Figure[];
}

export async function readRuns(reader: StoreReader): Promise<PlottedRuns> {
  return { runs: await readPlotRuns(reader), figures: await readFigures(reader) };
}

/** @throws MosaicError for an unknown figure, with what there is */
export function criterionOf(given: Given, figures: readonly Figure[]): Figure {
  return figureNamed(figures, given.optionalArgument(criterionArgument.name) ?? defaultCriterion);
}

export function plotCommand<Data>({ spec, read, draw, output, print }: PlotCommand<Data>): CommandSpec {
  return {
    ...spec,
    run: (given, terminal) =>
      readDatabase(given, terminal, async (reader) => {
        const data = await read(reader, given);
        if (print !== undefined) terminal.out(print(data, given));
        const file = output === undefined ? given.argument("output_file") : output(given);
        if (file === undefined) return 0;
        // Beside what is printed, that a file is written is no result.
        const told = print === undefined ? terminal : { ...terminal, out: terminal.err };
        return writeWithProgress(file, await draw(data, given), told);
      }),
  };
}

async function writeWithProgress(file: string, plots: Plots, { out, err, isLive }: Terminal): Promise<ExitCode> {
  const { writePlots } = await import("../plots/write/write-plots.ts");
  const onPage = (done: number) => isLive && err(`\r${countText(done, "page")} of ${plots.pageCount}`);
  const files = await interruptible((signal) => writePlots(file, plots, { onPage, signal }));
  if (isLive) err("\r");
  if (files === undefined) {
    err("Stopped; nothing was written.\n");
    return 3;
  }
  const places = files.length === 1 ? file : `${files[0]} to ${files.at(-1)}`;
  out(`${plots.title} written to ${places}\n`);
  return 0;
}
