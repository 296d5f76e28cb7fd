/** How options bear on results, and which pipelines no other one betters in two of them. */
import {
  configurationsOf,
  figureNamed,
  importanceNotes,
  importanceOn,
  paretoPoints,
  rankDirection,
  readFigures,
  readPlotRuns,
  runsToPlot,
  type StoreReader,
  withOptions,
} from "ml-mosaic/reading";
import type { Estimate, Importance, Pareto } from "../wire/answers.ts";
import { nothingToSay, Refused } from "./refused.ts";

interface Wishes {
  readonly data: string | undefined;
  readonly runIds: readonly number[] | undefined;
}

async function configurationsFor(reader: StoreReader, names: readonly string[], { data, runIds }: Wishes) {
  const all = await readFigures(reader);
  const figures = names.map((name) => figureNamed(all, name));
  const meant = runIds === undefined ? undefined : new Set(runIds);
  const runs = (await readPlotRuns(reader, all, figures)).filter(({ runId }) => meant?.has(runId) ?? true);
  const found = configurationsOf(
    runsToPlot(runs, data),
    figures.map(({ name }) => name),
  );
  return { figures, found };
}

export async function importanceFor(reader: StoreReader, result: string, wishes: Wishes): Promise<Importance> {
  const { figures, found } = await configurationsFor(reader, [result], wishes);
  const [of] = withOptions(found);
  if (of === undefined) throw new Refused(nothingToSay, { message: "there are no pipelines whose options differ" });
  const importance = importanceOn(of);
  const notes = importanceNotes(importance).filter((note) => note !== "");
  const measured = `${importance.isLogarithmic ? "the logarithm of " : ""}${figures[0]?.title ?? result}`;
  return {
    result: figures[0]?.name ?? result,
    rows: importance.ranked.map(({ name, total, totalInterval }) => ({
      option: name,
      importance: total,
      ...(totalInterval === null || totalInterval === undefined
        ? {}
        : { low: totalInterval.low, high: totalInterval.high }),
    })),
    text: [`Share of the variance of ${measured} between pipelines, interactions included`, ...notes].join("; "),
  };
}

export async function paretoFor(
  reader: StoreReader,
  names: readonly [string, string],
  wishes: Wishes,
): Promise<Pareto> {
  if (names[0] === names[1])
    throw new Refused(400, { message: `choose two different results: ${names[0]} alone has no front` });
  const { figures, found } = await configurationsFor(reader, names, wishes);
  const [x, y] = figures;
  const of = found.find(({ configurations }) => configurations.length > 0);
  if (x === undefined || y === undefined || of === undefined)
    throw new Refused(nothingToSay, { message: "no pipeline has both results" });
  const directions = [rankDirection(x), rankDirection(y)] as const;
  return {
    x: x.name,
    y: y.name,
    points: paretoPoints(of.configurations, directions).map((point) => ({
      name: point.pipeline,
      x: estimate(point.x, point.n),
      y: estimate(point.y, point.n),
      isOnFront: point.isFront,
    })),
    text: [
      `${x.title}: ${directions[0]} is better, ${y.title}: ${directions[1]} is better; means with 95 % t intervals`,
      ...of.leftOut,
    ].join("; "),
  };
}

function estimate(
  { mean, low, high }: Pick<Estimate, "low" | "high"> & { readonly mean: number },
  n: number,
): Estimate {
  return { mean: Number.isFinite(mean) ? mean : null, low, high, n };
}
