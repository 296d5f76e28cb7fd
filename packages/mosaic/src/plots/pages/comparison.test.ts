import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { seededRandom } from "@ml-mosaic/statistics";
import { temporaryFolder } from "@ml-mosaic/testing";
import { describe, expect, test } from "vitest";
import { dataEntry, netEntry, writeDatabase } from "../../../test/compare-test-database.ts";
import { runForTest } from "../../../test/run-for-test.ts";
import { compareCommand } from "../../commands/compare.ts";
import { type CompareReport, compareRuns } from "../../compare/report.ts";
import { defaultRope } from "../../compare/rope.ts";
import { openSqliteReader } from "../../store/index.ts";
import { textWidth } from "../write/fonts.ts";
import { type CompareTexts, comparePlots } from "./comparison.ts";
import type { Page } from "./page.ts";

const folder = temporaryFolder("mosaic compare plots ");
const path = (name: string) => join(folder, name);
const texts: CompareTexts = {
  verdicts: () => ["in words"],
  notes: () => ["a note"],
  overall: ["over all"],
  common: [],
};

async function reportOf(name: string, dataSets: number, models: number, repetitions: number): Promise<CompareReport> {
  const random = seededRandom(3);
  await writeDatabase(
    path(name),
    Array.from({ length: dataSets * models * repetitions }, (_, index) => {
      const model = Math.floor(index / repetitions) % models;
      return {
        pipeline: [dataEntry(`data_${Math.floor(index / repetitions / models)}`), netEntry(model + 1)],
        repetition: index % repetitions,
        results: { test_loss: 1 + model / 4 + random() / 10 },
      };
    }),
  );
  const reader = await openSqliteReader(path(name));
  try {
    return await compareRuns(reader, { criterion: "test_loss", rope: defaultRope, scale: "auto" });
  } finally {
    await reader.close();
  }
}

async function pagesOf(report: CompareReport, all = false): Promise<readonly Page[]> {
  return JSON.parse(JSON.stringify(await Array.fromAsync(comparePlots(report, texts, all).pages(textWidth))));
}

test("the numbers drawn are those of the report", async () => {
  const report = await reportOf("three.db", 1, 3, 8);
  const [data] = report.dataSets;
  const [page, ...others] = await pagesOf(report);
  expect(others).toEqual([]);
  const [, means, figures, verdicts, words] = page?.charts ?? [];
  const rows = data?.models.map(({ model, mean, interval, n }, row) => ({
    row: String(row),
    model,
    mean,
    low: interval?.low,
    high: interval?.high,
    n,
  }));
  expect(means?.chart).toMatchObject({ layer: [{}, { data: { values: rows } }, { data: { values: rows } }] });
  const cell = { row: "0", column: "n", text: "8" };
  expect(figures?.chart).toMatchObject({ layer: [{ data: { values: expect.arrayContaining([cell]) } }] });
  const p = data?.pairs.map(({ pCorrected }) => pCorrected);
  const cells = [
    { row: "0", column: "1", verdict: "better (+)", p: p?.[0], text: "+ .023" },
    { row: "1", column: "0", verdict: "worse (−)", p: p?.[0], text: "− .023" },
    { row: "0", column: "2", p: p?.[1] },
    { row: "2", column: "0", p: p?.[1] },
    { row: "1", column: "2", p: p?.[2] },
    { row: "2", column: "1", p: p?.[2] },
  ];
  expect(verdicts?.chart).toMatchObject({ layer: [{ data: { values: cells } }, { data: { values: cells } }] });
  expect(JSON.stringify(words)).toMatch(/in words.*Each interval is of one mean.*a note/);
});

test("rows of all charts of a page are at the same height, and nothing lies outside of it", async () => {
  for (const [index, models] of [2, 6, 30, 50].entries()) {
    const [page] = await pagesOf(await reportOf(`rows-${index}.db`, 1, models, 3));
    const aligned = page?.charts.slice(1, 4) ?? [];
    expect(new Set(aligned.map(({ y, height, inset }) => [y, height, inset?.top, inset?.bottom].join())).size).toBe(1);
    for (const { x, y, width, height } of page?.charts ?? []) {
      expect(x + width).toBeLessThanOrEqual(page?.width ?? 0);
      expect(y + height).toBeLessThanOrEqual(page?.height ?? 0);
    }
  }
});

test("among too many models only the best one meets the others", async () => {
  const [page] = await pagesOf(await reportOf("fifty.db", 1, 50, 3));
  const chart = page?.charts[3]?.chart;
  const verdicts = JSON.stringify({ ...chart, layer: chart?.layer.slice(0, 1) });
  expect(verdicts).toContain("against the first");
  expect(verdicts.match(/"column":"0"/g)).toHaveLength(39);
  expect(verdicts).not.toContain('"column":"1"');
  expect(JSON.stringify(page)).toContain("The best 40 of 50 models are drawn.");
});

describe("several data sets", () => {
  test("share a page with ranks, scores and profiles as in the report", async () => {
    const report = await reportOf("four.db", 4, 3, 3);
    const pages = await pagesOf(report);
    expect(pages).toHaveLength(1);
    const [, means, figures, , diagram, profiles] = pages[0]?.charts ?? [];
    const models = report.overall?.models ?? [];
    const values = models.map(({ model, interquartileMean }) => ({ model, ...interquartileMean }));
    expect(means?.chart).toMatchObject({
      encoding: { x: { scale: { type: "linear" } } },
      layer: [{}, {}, { data: { values } }],
    });
    expect(JSON.stringify(figures)).toContain("average rank");
    expect(diagram?.chart).toMatchObject({
      layer: expect.arrayContaining([
        expect.objectContaining({
          data: { values: models.map(({ model, averageRank }) => expect.objectContaining({ model, averageRank })) },
        }),
      ]),
    });
    const first = models[0]?.profile?.map((share, index) => expect.objectContaining({ share, threshold: index / 20 }));
    expect(profiles?.chart).toMatchObject({
      layer: [{ mark: { type: "area" } }, { data: { values: expect.arrayContaining(first ?? []) } }],
    });
    expect(await pagesOf(report, true)).toHaveLength(5);
  });

  test("the table has every model and every pair, of each data set and over all", async () => {
    const report = await reportOf("table.db", 3, 3, 3);
    const { columns, rows } = comparePlots(report, texts, false).table;
    const table = await Array.fromAsync(rows());
    expect(table).toHaveLength(4 * (3 + 3));
    const column = (name: string) => columns.findIndex((one) => one.name === name);
    const means = report.dataSets[0]?.models.map(({ mean }) => mean);
    expect(table.slice(0, 3).map((row) => row[column("mean")])).toEqual(means);
    expect(table[3]?.[column("mean")]).toBe(report.dataSets[0]?.pairs[0]?.difference);
    expect(table[3]?.[column("verdict")]).toBe(report.dataSets[0]?.pairs[0]?.verdict);
    expect(table.at(-1)?.[column("p")]).toBe(report.overall?.pairs.at(-1)?.wilcoxonP);
  });
});

test("--plot writes one page of vectors and selectable text beside what is printed", async () => {
  await reportOf("command.db", 1, 6, 10);
  const run = (...args: readonly string[]) => runForTest(compareCommand, [path("command.db"), ...args]);
  const { code, out, err } = await run("--json", "--plot", path("out.pdf"));
  expect(code).toBe(0);
  expect(JSON.parse(out).dataSets).toHaveLength(1);
  expect(err).toContain("out.pdf");
  const poppler = (program: string, ...args: readonly string[]) => execFileSync(program, args, { encoding: "utf8" });
  expect(poppler("pdfinfo", path("out.pdf"))).toMatch(/Title: +Comparison by test loss[\s\S]*Pages: +1\n/);
  const text = poppler("pdftotext", "-layout", path("out.pdf"), "-");
  for (const part of ["Test loss on data_0", "n = 10 repetitions", "1. Net(1)", "row against column"])
    expect(text).toContain(part);
  for (const part of ["Net(1) is best of 6: better than every other.", "ranked on the test set"])
    expect(text).toContain(part);
  expect(poppler("pdfimages", "-list", path("out.pdf")).trim().split("\n")).toHaveLength(2);
  expect((await run("--plot", path("out.csv"))).code).toBe(0);
  expect((await readFile(path("out.csv"), "utf8")).split("\n")[0]).toMatch(/^data,model,other,rank,n,/);
  expect((await run("--plot", path("out.gif"))).err).toContain("must be one of .pdf, .svg, .png, .csv");
  expect((await run("--plot", path("no/out.pdf"))).code).toBe(2);
});
