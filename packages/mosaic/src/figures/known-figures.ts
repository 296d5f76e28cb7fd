/** Which figures the runs of a database can have, and how they are found by name. */
import { nearestNames } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";
import type { MetricSummary, StoreReader } from "../store/index.ts";
import type { Figure } from "./figure.ts";
import { runFigures } from "./run-figures.ts";

/** Those of every run, then the metrics. */
export async function readFigures(reader: StoreReader): Promise<readonly Figure[]> {
  return [...runFigures, ...(await readMetrics(reader))];
}

/** The metrics that some run of the database has, on the train and on the test set. Their classes need not be there. */
export async function readMetrics(reader: StoreReader): Promise<readonly Figure[]> {
  const others = (await reader.metricSummaries()).filter(
    ({ name }) => !runFigures.some((figure) => figure.name === name),
  );
  return others.map(metricFigure);
}

function metricFigure({ name, direction }: MetricSummary): Figure {
  const [, set] = /^(train|test)_/.exec(name) ?? [];
  return {
    name,
    title: name.replaceAll("_", " "),
    ...(direction === undefined ? {} : { direction }),
    ...(set === "train" || set === "test" ? { judges: set } : {}),
  };
}

/** The figure of this name; a metric's own name means its value on the test set. */
export function findFigure<T extends Figure>(figures: readonly T[], name: string): T | undefined {
  return figures.find((figure) => figure.name === name) ?? figures.find((figure) => figure.name === `test_${name}`);
}

/** @throws MosaicError for an unknown name, with what there is */
export function figureNamed<T extends Figure>(figures: readonly T[], name: string): T {
  const found = findFigure(figures, name);
  if (found !== undefined) return found;
  const known = nearestNames(
    name,
    figures.map((figure) => figure.name),
  );
  throw new MosaicError(
    "UNKNOWN_CRITERION",
    `there is no criterion "${name}". Known ones, the nearest first: ${known.join(", ")}`,
  );
}
