/** Plots of very many runs: what they hold of each, and what they say of what they do not draw. */
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dataEntry, netEntry, writeDatabase } from "../../../test/compare-test-database.ts";
import { readFigures } from "../../figures/known-figures.ts";
import { runFigure } from "../../figures/run-figures.ts";
import { openSqliteReader, type StoreReader } from "../../store/index.ts";
import { configurationsOf } from "../runs/configurations.ts";
import { type PlotRun, readPlotRuns } from "../runs/plot-runs.ts";
import { textWidth } from "../write/fonts.ts";
import { lossPlots } from "./losses.ts";
import type { Plots } from "./page.ts";
import { parallelPlots } from "./parallel.ts";
import { paretoPlots } from "./pareto.ts";
import { performancePlots } from "./performance.ts";

const pipelines = 4200;
const testLoss = runFigure("test_loss");
let reader: StoreReader;
let runs: readonly PlotRun[];
let bytesPerRun = Number.NaN;

beforeAll(async () => {
  const database = join(temporaryFolder("mosaic many "), "results.db");
  await writeDatabase(
    database,
    Array.from({ length: pipelines }, (_, index) => ({
      pipeline: [dataEntry("data"), netEntry(1 + (index % 100))],
      process: { lr: String(1 + Math.floor(index / 100)) },
      repetition: 0,
      // The best is the last, the worst the first.
      results: { test_loss: 2 - index / pipelines, nb_params: 1000 + index, epochs: 1 },
    })),
  );
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const held = () => {
    collect();
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    return arrayBuffers + heapUsed;
  };
  reader = await openSqliteReader(database);
  const figures = await readFigures(reader);
  const read = async () => {
    const found = await readPlotRuns(reader, figures, [testLoss]);
    return { found, configurations: configurationsOf(found, ["test_loss", "nb_params"]) };
  };
  // What is made once, whatever there is.
  await read();
  const before = held();
  const { found, configurations } = await read();
  bytesPerRun = (held() - before) / pipelines;
  runs = found;
  expect(configurations[0]?.configurations).toHaveLength(pipelines);
});

afterAll(() => reader.close());

test("of a run less than a kilobyte is held", () => {
  expect(bytesPerRun).toBeLessThan(1000);
});

interface Drawn {
  readonly text: string;
  readonly layers: readonly { readonly data: { readonly values: readonly Readonly<Record<string, unknown>>[] } }[];
}

async function drawn(plots: Plots): Promise<readonly Drawn[]> {
  const pages = await Array.fromAsync(plots.pages(textWidth));
  return pages.flatMap(({ charts }) =>
    charts.map(({ chart }) => {
      const sent = JSON.parse(JSON.stringify(chart));
      return { text: [sent.title?.text, sent.title?.subtitle].flat(2).join(" "), layers: sent.layer ?? [] };
    }),
  );
}

test("parallel coordinates draw lines evenly by result, the best and the worst among them, and say so", async () => {
  const [heading, chart] = await drawn(
    parallelPlots(runs, { criterion: testLoss, dataKey: undefined, color: "criterion" }),
  );
  expect(heading?.text).toContain("2,000 pipelines, taken evenly by result from 4,200 pipelines");
  const means = chart?.layers[0]?.data.values.map(({ mean }) => mean) ?? [];
  expect(new Set(means).size).toBe(2000);
  expect(means).toEqual(expect.arrayContaining([2, 2 - (pipelines - 1) / pipelines]));
});

test("a front is whole, and of points that lie on each other one is drawn", async () => {
  const [chart] = await drawn(paretoPlots(runs, [runFigure("nb_params"), testLoss], undefined));
  const [before, all] = /([\d,]+) of (4,200) points are drawn/.exec(chart?.text ?? "")?.slice(1) ?? [];
  expect(all).toBe("4,200");
  const count = Number(before?.replace(",", ""));
  expect(count).toBeGreaterThan(100);
  expect(count).toBeLessThan(2000);
  // Larger models are better here, so that all are on the front.
  expect(chart?.layers.some(({ data }) => data.values.length === pipelines)).toBe(true);
});

test("violins and means are of all runs, the points are thinned", async () => {
  const charts = await drawn(performancePlots(runs, [testLoss]));
  const chart = charts.find(({ text }) => text.startsWith("Test loss"));
  expect(chart?.text).toContain("60 of 4,200 places are shown");
  expect(chart?.text).toContain("of 4,200 points some are drawn, evenly by value");
});

test("only so many loss curves are drawn, of which the first page tells; the table has all", async () => {
  const ids = await reader.runIds();
  const plots = lossPlots(reader, ids, 10);
  expect(plots).toMatchObject({ title: "Loss curves of the first 2,000 of 4,200 runs", pageCount: 20 });
  for await (const { charts } of plots.pages(textWidth)) {
    expect(JSON.stringify(charts[0])).toContain("2,200 runs left out");
    break;
  }
  expect(await Array.fromAsync(plots.table.rows())).toHaveLength(pipelines);
  expect(lossPlots(reader, ids.slice(0, 8), 2).title).toBe("Loss curves of 8 runs");
});
