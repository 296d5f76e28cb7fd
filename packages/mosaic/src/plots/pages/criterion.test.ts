import { join } from "node:path";
import { tInterval } from "@ml-mosaic/statistics";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, expect, test } from "vitest";
import { writeExampleDatabase } from "../../../test/plot-examples.ts";
import { figureNamed, readFigures } from "../../figures/known-figures.ts";
import { runFigure, runFigures } from "../../figures/run-figures.ts";
import { openSqliteReader } from "../../store/index.ts";
import { type PlotRun, readPlotRuns } from "../runs/plot-runs.ts";
import { textWidth } from "../write/fonts.ts";
import { criterionPlots } from "./criterion.ts";
import type { Page, Plots } from "./page.ts";
import { performancePlots } from "./performance.ts";

let folder: string;
let runs: readonly PlotRun[];
const losses = [0.1, 0.30000000000000004, 0.25];

beforeAll(async () => {
  folder = temporaryFolder("mosaic criterion ");
  const results = (modelKey: string, nb_params: number, values: readonly number[]) =>
    values.map((test_loss, repetition) => ({
      modelKey,
      width: nb_params,
      repetition,
      result: { test_loss, nb_params, "duration(s)": 2, train_acc: 50, overfit: NaN },
    }));
  await writeExampleDatabase(join(folder, "runs.db"), [
    ...results("brick", 10, losses),
    ...results("brick", 40, [0.2]),
    ...results("funnel", 12, [0.5, NaN]),
    { modelKey: "funnel" },
    { dataKey: "other", modelKey: "brick", result: { test_loss: 9, nb_params: 3 } },
    { modelKey: "late", isPending: true },
  ]);
  const reader = await openSqliteReader(join(folder, "runs.db"));
  runs = await readPlotRuns(reader, await readFigures(reader));
  await reader.close();
});

async function pagesOf(plots: Plots): Promise<unknown> {
  const pages: Page[] = await Array.fromAsync(plots.pages(textWidth));
  return JSON.parse(JSON.stringify(pages));
}

test("finds a data set of several stages by the key of one of them, where no other data set has it", async () => {
  const staged = runs.map((run) => {
    const stages = [...run.parts.data, { type: "norm", className: "Norm", path: "./n.ts", key: "norm", options: {} }];
    return { ...run, dataKey: `${run.dataKey} | norm`, parts: { ...run.parts, data: stages } };
  });
  const figure = runFigure("test_loss");
  const pages = await pagesOf(criterionPlots(staged, "other", figure));
  expect(pages).toEqual(await pagesOf(criterionPlots(staged, "other | norm", figure)));
  expect(JSON.stringify(pages)).toContain("Data set other | norm");
  expect(() => criterionPlots(staged, "norm", figure)).toThrow(
    '"norm" is a stage of several data sets; give the whole key of one of them: "data | norm", "other | norm"',
  );
  expect(() => criterionPlots(staged, "othr", figure)).toThrow('nearest first: "other", ');
});

test("draws the mean of the stored results with its t interval", async () => {
  const { low, high } = tInterval(losses);
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / 3;
  const rows = [
    { series: "brick", x: 10, mean, n: 3, low, high, drawnLow: low, drawnHigh: high },
    { series: "brick", x: 40, mean: 0.2, n: 1, low: null, high: null },
    { series: "funnel", x: 12, mean: 0.5, n: 1, low: null, high: null },
  ];
  const subtitle = [
    "Data set data · n = 1 to 3 repetitions · mean with 95 % t interval · lower is better",
    "1 run NaN or infinite · 1 run failed · 1 run not finished",
  ];
  expect(await pagesOf(criterionPlots(runs, "data", runFigure("test_loss")))).toMatchObject([
    {
      charts: [
        {
          chart: {
            title: { text: ["Test loss against number of parameters"], subtitle },
            encoding: { x: { title: "number of parameters" }, y: { title: "test loss" } },
            layer: [
              { data: { values: [rows[0]] }, mark: { type: "rule" } },
              { data: { values: rows }, mark: { type: "line" } },
              { data: { values: rows }, mark: { type: "point" } },
            ],
          },
        },
      ],
    },
  ]);
});

test.each(runFigures)("$name is a criterion", (figure) => {
  const { title, table } = criterionPlots(runs, "data", figure);
  expect(title).toMatch(/against number of parameters$/);
  expect(table.columns.map(({ name }) => name)).toContain(figure.name);
});

test("an unknown data set or criterion is refused with what there is", () => {
  expect(() => criterionPlots(runs, "dta", runFigure("test_loss"))).toThrow(
    'Known keys, the nearest first: "data", "other"',
  );
  expect(() => figureNamed(runFigures, "testloss")).toThrow("the nearest first: test_loss");
});

test("the table has every run, drawn or not", async () => {
  const rows = await Array.fromAsync(criterionPlots(runs, "data", runFigure("test_loss")).table.rows());
  expect(rows).toHaveLength(8);
  expect(rows[1]?.slice(0, 8)).toEqual([
    2,
    "done",
    "data",
    "brick",
    "Data | Mlp(10)",
    "brick",
    10,
    0.30000000000000004,
  ]);
  expect(rows[5]?.slice(6, 9)).toEqual([12, NaN, null]);
  expect(rows[6]?.[1]).toBe("error");
});

test("each model has a page with every criterion", async () => {
  const plots = performancePlots(runs, runFigures);
  expect(plots.pageCount).toBe(4);
  expect(await pagesOf(plots)).toMatchObject([
    { charts: [{ chart: { title: { text: ["brick on data"] } } }, ...new Array(9).fill({})] },
    { charts: { length: 10 } },
    { charts: { length: 10 } },
    { charts: { length: 10 } },
  ]);
  const values = losses.map((value, index) => expect.objectContaining({ value, runId: index + 1 }));
  expect(JSON.parse(JSON.stringify(await pagesOf(plots)))[0].charts[2].chart.layer[0].data.values).toEqual(
    expect.arrayContaining(values),
  );
});

test("counts a repetition once: a result before a failure, then the last", async () => {
  const file = join(folder, "repeated.db");
  const brick = { modelKey: "brick", width: 4 };
  const resultOf = (test_loss: number) => ({ test_loss, nb_params: 4 });
  await writeExampleDatabase(file, [
    { ...brick, repetition: 0, result: resultOf(8) },
    { ...brick, repetition: 1, result: resultOf(2) },
    { ...brick, repetition: 0, result: resultOf(1) },
    { ...brick, repetition: 1 },
  ]);
  const reader = await openSqliteReader(file);
  const repeated = await readPlotRuns(reader, await readFigures(reader));
  await reader.close();
  expect(repeated.map(({ isRepeated }) => isRepeated)).toEqual([true, false, false, true]);
  const plots = criterionPlots(repeated, "data", runFigure("test_loss"));
  const { columns } = plots.table;
  const n = columns.findIndex(({ name }) => name === "n");
  const rows = await Array.fromAsync(plots.table.rows());
  expect(rows.map((row) => [row[n], row[n + 1]])).toEqual([
    [null, null],
    [2, 1.5],
    [2, 1.5],
    [null, null],
  ]);
  const text = JSON.stringify(await pagesOf(plots));
  expect(text).toContain("n = 2 repetitions");
  expect(text).toContain("2 runs of a repetition that another run has");
});
