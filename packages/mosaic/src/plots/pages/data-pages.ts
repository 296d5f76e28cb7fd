// What the plots of configurations share: a page for each data set, under what it is of.
import { MosaicError } from "../../errors.ts";
import type { Configurations } from "../runs/configurations.ts";
import { type PlotRun, runsOnData } from "../runs/plot-runs.ts";
import { counted } from "../text/number-label.ts";

/** @throws MosaicError for a key that no run has, with those there are */
export function runsToPlot(runs: readonly PlotRun[], dataKey: string | undefined): readonly PlotRun[] {
  return dataKey === undefined ? runs : runsOnData(runs, dataKey);
}

/** Data sets in which something differs. */
export function withOptions(found: readonly Configurations[]): readonly Configurations[] {
  const varied = found.filter(({ options }) => options.length > 0);
  if (varied.length > 0) return varied;
  const counts = found.map(({ dataKey, configurations }) => `${dataKey || "no data set"} (${counted(configurations.length, "pipeline")})`); // biome-ignore format: one thought
  throw new MosaicError(
    "nothing-to-plot",
    `all pipelines with results have the same options, on ${counts.join(", ")}: give an option several values in the configuration file`,
  );
}

/** "n = 4 repetitions", "n = 2 to 4 repetitions" */
export function repetitionsOf({ configurations }: Configurations): string {
  const counts = configurations.map(({ values }) => values[0]?.length ?? 0);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (most === 1) return "one run each (n = 1): no uncertainty is known";
  return least === most ? `n = ${most} repetitions` : `n = ${least} to ${most} repetitions`;
}

export function dataText({ dataKey }: Configurations): string {
  return dataKey === "" ? "no data set" : dataKey;
}
