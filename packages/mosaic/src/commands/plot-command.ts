/** The one kind of plot command: what it is called, what it reads of a database, what it draws of that. */

import { countText } from "@ml-mosaic/base";
import {
  type Command,
  type CommandDescription,
  type ExitCode,
  type Given,
  interruptible,
  type Terminal,
} from "@ml-mosaic/command-line";
import { type Infer, path, type SchemaMap, schema, string } from "@ml-mosaic/configurable";
import type { Figure } from "../figures/figure.ts";
import { figureNamed, readFigures } from "../figures/known-figures.ts";
import { defaultCriterion } from "../figures/run-figures.ts";
import type { Plots } from "../plots/pages/page.ts";
import { type PlotRun, readPlotRuns } from "../plots/runs/plot-runs.ts";
import type { StoreReader } from "../store/index.ts";
import { databaseArgument, readDatabase } from "./read-database.ts";

export interface PlotCommand<A extends SchemaMap, O extends SchemaMap, Data> {
  readonly spec: CommandDescription<A, O>;
  /** The file to write; undefined draws nothing. */
  output(given: Given<A, O>): string | undefined;
  /** @throws for what the command line asks in vain */
  read(reader: StoreReader, given: Given<A, O>): Promise<Data>;
  /** The libraries that draw are heavy: it imports them when it is called. */
  draw(data: Data, given: Given<A, O>): Promise<Plots>;
  /** What is told besides, perhaps to a program. */
  print?(data: Data, given: Given<A, O>): string;
}

export const plotArguments = {
  ...databaseArgument,
  output_file: schema(path, { help: "file to write: .pdf, .svg, .png, or .csv for the values" }),
};

export const criterionArgument = {
  criterion: schema(string, {
    default: defaultCriterion,
    help: "a result such as test_loss, trainability or duration(s), or a metric such as f1",
  }),
};

export const dataOption = {
  data: schema(string, { optional: true, words: "KEY", help: "this data set only; else a page for each" }),
};

/** What most plots are of: all runs, and the figures that they can have. */
export interface PlottedRuns {
  readonly runs: readonly PlotRun[];
  readonly figures: readonly Figure[];
}

/** @param criteriaOf those by which pipelines are compared, all of whose runs then count at an epoch that they all have */
export async function readRuns(
  reader: StoreReader,
  criteriaOf: (figures: readonly Figure[]) => readonly Figure[] = () => [],
): Promise<PlottedRuns> {
  const figures = await readFigures(reader);
  return { runs: await readPlotRuns(reader, figures, criteriaOf(figures)), figures };
}

/** @throws MosaicError for an unknown figure, with what there is */
export function criterionOf(given: Infer<typeof criterionArgument>, figures: readonly Figure[]): Figure {
  return figureNamed(figures, given.criterion);
}

export function plotCommand<A extends SchemaMap & typeof databaseArgument, O extends SchemaMap, Data>({
  spec,
  read,
  draw,
  output,
  print,
}: PlotCommand<A, O, Data>): Command {
  return {
    ...spec,
    run(values, terminal) {
      const given: Given<A, O> & Infer<typeof databaseArgument> = Object(values);
      return readDatabase(given, terminal, async (reader) => {
        const data = await read(reader, given);
        if (print !== undefined) terminal.out(print(data, given));
        const file = output(given);
        if (file === undefined) return 0;
        // Beside what is printed, that a file is written is no result.
        const told = print === undefined ? terminal : { ...terminal, out: terminal.err };
        return writeWithProgress(file, await draw(data, given), told);
      });
    },
  };
}

async function writeWithProgress(file: string, plots: Plots, { out, err, isLive }: Terminal): Promise<ExitCode> {
  const { writePlots } = await import("../plots/write/write-plots.ts");
  const onPage = (done: number) => isLive && err(`\r${countText(done, "page")} of ${plots.pageCount}`);
  const files = await interruptible((signal) => writePlots(file, plots, { onPage, signal })).finally(
    () => isLive && err("\r"),
  );
  const places = files.length === 1 ? file : `${files[0]} to ${files.at(-1)}`;
  out(`${plots.title} written to ${places}\n`);
  return 0;
}
