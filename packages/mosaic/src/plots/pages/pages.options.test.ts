/** Parallel coordinates, importance of options, Pareto fronts. */

import { execFileSync } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "@ml-mosaic/command-line";
import { meanOf, tInterval } from "@ml-mosaic/statistics";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { dataEntry, type InventedRun, netEntry, writeDatabase } from "../../../test/compare-test-database.ts";
import { runForTest } from "../../../test/run-for-test.ts";
import { importanceCommand } from "../../commands/importance.ts";
import { parallelCommand } from "../../commands/parallel.ts";
import { paretoCommand } from "../../commands/pareto.ts";
import { readFigures } from "../../figures/known-figures.ts";
import { runFigure } from "../../figures/run-figures.ts";
import { openSqliteReader } from "../../store/index.ts";
import { paretoFront } from "../charts/pareto-front.ts";
import { configurationsOf } from "../runs/configurations.ts";
import { type PlotRun, readPlotRuns } from "../runs/plot-runs.ts";
import { textWidth } from "../write/fonts.ts";
import { importancePlots } from "./importance.ts";
import type { Plots } from "./page.ts";
import { parallelPlots } from "./parallel.ts";
import { paretoPlots } from "./pareto.ts";

let folder: string;
const path = (name: string) => join(folder, name);
const testLoss = runFigure("test_loss");
const noise = [0.1, -0.05, 0.02];

/** Width counts, the learning rate does a little. */
function runsOf(widths: readonly number[], rates: readonly string[], data = "data_A"): readonly InventedRun[] {
  return widths.flatMap((width) =>
    rates.flatMap((lr, rate) =>
      noise.map((more, repetition) => ({
        pipeline: [dataEntry(data), netEntry(width, width > 4 ? { class: "Deep", dropout: "0.1" } : {})],
        process: { lr },
        repetition,
        results: { test_loss: 1 / width + rate / 100 + more, nb_params: 10 * width, test_acc: 100 - width },
      })),
    ),
  );
}

async function read(name: string, runs: readonly InventedRun[]): Promise<readonly PlotRun[]> {
  await writeDatabase(path(name), runs);
  const reader = await openSqliteReader(path(name));
  try {
    return await readPlotRuns(reader, await readFigures(reader));
  } finally {
    await reader.close();
  }
}

/** What a web page would get. */
async function sent(plots: Plots) {
  const pages = await Array.fromAsync(plots.pages(textWidth));
  return JSON.parse(JSON.stringify(pages.map(({ charts }) => charts.map(({ chart }) => chart))));
}

let grid: readonly PlotRun[];
beforeAll(async () => {
  folder = temporaryFolder("mosaic options ");
  grid = await read("grid.db", runsOf([1, 2, 4, 8], ["1e-3", "1e-2"]));
});

describe("configurations", () => {
  test("have what differs, each option by the shortest name that is its own", () => {
    const [found, ...others] = configurationsOf(grid, ["test_loss"]);
    expect(others).toEqual([]);
    expect(found?.options).toEqual([
      { name: "net", levels: ["Deep", "Net"] },
      { name: "width", levels: [1, 2, 4, 8] },
      { name: "lr", levels: [0.001, 0.01] },
      { name: "dropout", levels: [null, 0.1] },
    ]);
    expect(found?.configurations).toHaveLength(8);
    const [first] = found?.configurations ?? [];
    expect(first?.label).toBe("Net(1) · lr 0.001");
    const values = noise.map((more) => 1 + more);
    expect(first?.values[0]?.map(({ value }) => value)).toEqual(values);
    expect(first?.means[0]).toMatchObject(tInterval(values));
  });

  test("tell options of two stages with one name apart", async () => {
    const runs = [1, 2].flatMap((width) =>
      [3, 4].map((other) => ({
        pipeline: [dataEntry("d"), netEntry(width), { ...netEntry(other), type: "head" }],
        process: { pipeline_scheme: "net, head" },
        repetition: 0,
        results: { test_loss: width },
      })),
    );
    const [found] = configurationsOf(await read("stages.db", runs), ["test_loss"]);
    expect(found?.options.map(({ name }) => name)).toEqual(["net width", "head width"]);
  });

  test("folds of a cross-validation are one pipeline, with Nadeau and Bengio's interval", async () => {
    const values = [0.4, 0.5, 0.3, 0.6, 0.45];
    const runs = values.map((test_loss, fold) => ({
      pipeline: [dataEntry("d", { fold: String(fold) }), netEntry(2)],
      repetition: 0,
      results: { test_loss, nb_params: 3 },
    }));
    const [found] = configurationsOf(await read("folds.db", runs), ["test_loss"]);
    expect(found?.options).toEqual([]);
    expect(found?.configurations[0]?.means[0]).toMatchObject(tInterval(values, 1 / 5));
  });
});

describe("parallel coordinates", () => {
  test("draw every pipeline at its options and its mean", async () => {
    const [[, chart]] = await sent(
      parallelPlots(grid, { criterion: testLoss, dataKey: undefined, color: "criterion" }),
    );
    const points = chart.layer[0].data.values;
    expect(points).toHaveLength(8 * 5);
    const of = (pipeline: string) => points.filter((point: { pipeline: string }) => point.pipeline === pipeline);
    const mean = meanOf(noise.map((more) => 1 + more));
    expect(of("Net(1) · lr 0.001")).toMatchObject([
      { name: "net", value: "Net" },
      { name: "width", value: 1 },
      { name: "lr", value: 0.001 },
      { name: "dropout", value: null },
      { name: "test_loss", value: mean, mean },
    ]);
    interface Point {
      readonly name: string;
      readonly value: unknown;
      readonly at: number;
    }
    const isAt = (name: string, value: unknown) => (point: Point) => point.name === name && point.value === value;
    const places = (name: string, value: unknown) => points.filter(isAt(name, value)).map(({ at }: Point) => at);
    // Side by side around the value's place, the option that is missing below all others.
    expect(Math.min(...places("width", 8))).toBeGreaterThan(Math.max(...places("width", 4)));
    expect(new Set(places("width", 8)).size).toBe(2);
    expect(Math.max(...places("dropout", null))).toBeLessThan(Math.min(...places("dropout", 0.1)));
  });

  test("coloured by model have a legend of keys; the table has every pipeline", async () => {
    const plots = parallelPlots(grid, { criterion: testLoss, dataKey: "data_A", color: "model" });
    const [[, chart]] = await sent(plots);
    expect(chart.layer[1].encoding.color.scale.domain).toEqual(["k_Net", "k_Deep"]);
    const rows = await Array.fromAsync(plots.table.rows());
    expect(plots.table.columns.map(({ name }) => name)).toContain("option width");
    expect(rows).toHaveLength(8);
    expect(rows[0]?.slice(2, 8)).toEqual(["Net(1) · lr 0.001", "Net", 1, 0.001, null, 3]);
  });

  test("more options than a page holds go on to the next", async () => {
    const options = Array.from({ length: 25 }, (_, index) => `option_${index}`);
    const runs = [1, 2].map((value) => ({
      pipeline: [dataEntry("d"), netEntry(1, Object.fromEntries(options.map((name) => [name, String(value)])))],
      repetition: 0,
      results: { test_loss: value },
    }));
    const plots = parallelPlots(await read("many.db", runs), {
      criterion: testLoss,
      dataKey: undefined,
      color: "criterion",
    });
    expect(plots.pageCount).toBe(3);
    const text = JSON.stringify(await sent(plots));
    for (const name of options) expect(text).toContain(`"${name}"`);
  });
});

describe("importance", () => {
  test("is the variance that an option makes, and what follows another option is said", async () => {
    const plots = importancePlots(grid, testLoss, undefined);
    const [[chart]] = await sent(plots);
    const bars = chart.layer[0].data.values;
    const means = [1, 2, 4, 8].flatMap((width) => [0, 1].map((rate) => ({ width, value: 1 / width + rate / 100 })));
    const mean = means.reduce((sum, { value }) => sum + value, 0) / 8;
    const variance = means.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / 8;
    expect(bars.map(({ option, kind }: { option: string; kind: string }) => [option, kind])).toEqual([
      ["width", "alone"],
      ["width", "with interactions"],
      ["lr", "alone"],
      ["lr", "with interactions"],
    ]);
    expect(bars[2].share).toBeCloseTo(0.005 ** 2 / variance, 9);
    expect(bars[0].share).toBeCloseTo(1 - 0.005 ** 2 / variance, 9);
    const text = JSON.stringify(chart.title);
    for (const part of [
      "net follows width",
      "dropout follows width",
      "every combination of the options was run",
      "n = 3 repetitions",
    ])
      expect(text).toContain(part);
    const rows = await Array.fromAsync(plots.table.rows());
    expect(rows.map((row) => row[2])).toEqual(["width", "lr"]);
    expect(rows[0]?.[5]).toBe(bars[0].share);
  });

  test("of losses that span much is that of their logarithms; equal losses have none", async () => {
    const runs = runsOf([1, 2], ["1e-3", "1e-2"]);
    const wild = runs.map((run, index) => ({ ...run, results: { test_loss: index < 3 ? 1e6 : 1 + index } }));
    expect(JSON.stringify(await sent(importancePlots(await read("wild.db", wild), testLoss, undefined)))).toContain(
      "log test loss",
    );
    const equal = runs.map((run) => ({ ...run, results: { test_loss: 3 } }));
    expect(JSON.stringify(await sent(importancePlots(await read("equal.db", equal), testLoss, undefined)))).toContain(
      "All pipelines have the same mean test loss",
    );
  });
});

describe("Pareto fronts", () => {
  const points = [
    [1, 5],
    [2, 3],
    [2, 4],
    [3, 3],
    [4, 1],
    [1, 5],
    [5, 2],
  ] as const;

  test("hold what no other one beats, in any direction", () => {
    expect(paretoFront(points, ["lower", "lower"])).toEqual([true, true, false, false, true, true, false]);
    const turned = points.map(([x, y]) => [x, -y] as const);
    expect(paretoFront(turned, ["lower", "higher"])).toEqual(paretoFront(points, ["lower", "lower"]));
    expect(paretoFront(points, ["higher", "higher"])).toEqual([true, false, true, true, false, true, true]);
    expect(paretoFront([], ["lower", "lower"])).toEqual([]);
  });

  test("are drawn in steps through the means, and numbered", async () => {
    const plots = paretoPlots(grid, [runFigure("nb_params"), testLoss], undefined);
    const [[chart]] = await sent(plots);
    const steps = chart.layer[1].data.values;
    const lossOf = (width: number) => meanOf(noise.map((more) => 1 / width + more));
    expect(steps).toEqual([1, 2, 4, 8].map((width) => ({ x: 10 * width, y: expect.closeTo(lossOf(width), 12) })));
    expect(chart.layer[1].mark.interpolate).toBe("step-after");
    expect(chart.layer.at(-1).data.values.map(({ number }: { number: string }) => number)).toEqual([
      "1",
      "2",
      "3",
      "4",
    ]);
    expect(JSON.stringify(chart.title)).toContain("1  Net(1) · lr 0.001: 10, 1.02");
    const rows = await Array.fromAsync(plots.table.rows());
    expect(rows.map((row) => row.at(-1))).toEqual([1, 0, 1, 0, 1, 0, 1, 0]);
    expect(
      (await sent(paretoPlots(grid, [runFigure("test_acc"), testLoss], undefined)))[0][0].layer[1].mark.interpolate,
    ).toBe("step-before");
  });
});

describe("the commands", () => {
  const run = (spec: Command, database: string, ...args: readonly string[]) =>
    runForTest(spec, [path(database), ...args]);
  const all: readonly Command[] = [parallelCommand, importanceCommand, paretoCommand];

  test.each(all)("$name writes PDF with text and no images, SVG, PNG and CSV", async (spec) => {
    for (const ending of ["pdf", "svg", "png", "csv"]) {
      const { code, out, err } = await run(spec, "grid.db", path(`${spec.name}.${ending}`));
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toContain(`written to ${path(`${spec.name}.${ending}`)}`);
      expect((await stat(path(`${spec.name}.${ending}`))).size).toBeGreaterThan(200);
    }
    const poppler = (program: string, ...args: readonly string[]) => execFileSync(program, args, { encoding: "utf8" });
    const pdf = path(`${spec.name}.pdf`);
    expect(poppler("pdfinfo", pdf)).toMatch(/Pages: +1\n/);
    expect(poppler("pdftotext", pdf, "-")).toContain("n = 3 repetitions");
    expect(poppler("pdfimages", "-list", pdf).trim().split("\n")).toHaveLength(2);
    expect(poppler("pdffonts", pdf)).toContain("SourceSans3");
    expect((await readFile(path(`${spec.name}.csv`), "utf8")).split("\n")[0]).toMatch(/^data_key,/);
  });

  test.each(all)("$name says what there is where it cannot do what is asked", async (spec) => {
    const said = async (database: string, ...args: readonly string[]) => {
      const { code, err } = await run(spec, database, ...args);
      expect(code).toBe(2);
      return err;
    };
    expect(await said("grid.db", path("x.pdf"), "test_lost")).toContain("the nearest first: test_loss, test_acc");
    expect(await said("grid.db", path("x.pdf"), "--data", "data_B")).toContain('the nearest first: "data_A"');
    expect(await said("grid.db", path("x.gif"))).toContain("must be one of .pdf, .svg, .png, .csv");
    expect(await said("grid.db", path("no/x.pdf"))).toContain("does not exist; make it first");
    expect(await said("grid.db", path("x.pdf"), "overfit")).toMatch(
      /no run has a finite .*overfit.*There are results in: test_loss, test_acc, nb_params/,
    );
  });

  test("without options that differ, or with one criterion twice, nothing is drawn", async () => {
    await read("same.db", runsOf([2], ["1e-3"]));
    for (const spec of [parallelCommand, importanceCommand])
      expect((await run(spec, "same.db", path("x.pdf"))).err).toContain(
        "all pipelines with results have the same options, on data_A (1 pipeline)",
      );
    expect((await run(parallelCommand, "grid.db", path("x.pdf"), "--color", "blue")).err).toContain(
      'expected one of "criterion", "model", got "blue"',
    );
    expect((await run(paretoCommand, "grid.db", path("x.pdf"), "test_loss", "test_loss")).err).toContain(
      "two different criteria",
    );
  });
});
