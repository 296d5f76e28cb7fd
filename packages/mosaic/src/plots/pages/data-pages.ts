/** What the plots of configurations share: a page for each data set, under what it is of. */
import { countText } from "@ml-mosaic/base";
import { MosaicError } from "../../errors.ts";
import type { Configurations } from "../runs/configurations.ts";
import { type PlotRun, runsOnData } from "../runs/plot-runs.ts";
import { isolated } from "../text/fit-text.ts";
import { repetitionsNote } from "../text/notes.ts";

/** @throws MosaicError for a key that no run has, with those there are */
export function runsToPlot(runs: readonly PlotRun[], dataKey: string | undefined): readonly PlotRun[] {
  return dataKey === undefined ? runs : runsOnData(runs, dataKey);
}

/** Data sets in which something differs. */
export function withOptions(found: readonly Configurations[]): readonly Configurations[] {
  const varied = found.filter(({ options }) => options.length > 0);
  if (varied.length > 0) return varied;
  const counts = found.map((of) => `${dataText(of)} (${countText(of.configurations.length, "pipeline")})`);
  const where = counts.join(", ");
  throw new MosaicError(
    "NOTHING_TO_PLOT",
    `all pipelines with results have the same options, on ${where}: give an option several values in the configuration file`,
  );
}

export function repetitionsOf({ configurations }: Configurations): string {
  return repetitionsNote(configurations.map(({ counts }) => counts[0] ?? 0));
}

export function dataText({ dataKey }: Configurations): string {
  return dataKey === "" ? "no data set" : isolated(dataKey);
}
