import { execFileSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeExampleDatabase } from "../../../test/plot-examples.ts";
import { runForTest } from "../../../test/run-for-test.ts";
import { plotlossCommand } from "../../commands/plotloss.ts";
import { readFigures } from "../../figures/known-figures.ts";
import { runFigure } from "../../figures/run-figures.ts";
import { openSqliteReader, type StoreReader } from "../../store/index.ts";
import { criterionPlots } from "../pages/criterion.ts";
import { lossPlots } from "../pages/losses.ts";
import { readPlotRuns } from "../runs/plot-runs.ts";
import { fontFamiliesFor } from "./fonts.ts";
import { writePlots } from "./write-plots.ts";

let folder: string;
let reader: StoreReader;
const options = { onPage: () => undefined, signal: new AbortController().signal };
const path = (name: string) => join(folder, name);
const poppler = (program: string, ...args: readonly string[]) =>
  execFileSync(program, args, { encoding: "latin1", maxBuffer: 2 ** 28 });

beforeAll(async () => {
  folder = temporaryFolder("mosaic plots ");
  const losses = Array.from(
    { length: 50 },
    (_, index) => [1 / (index + 1), index === 20 ? NaN : 2 / (index + 1)] as const,
  );
  const result = { test_loss: 0.04, nb_params: 15, overfit: 0.1, trainability: 0.2, slope: -0.001 };
  await writeExampleDatabase(path("runs.db"), [
    ...[0, 1, 2, 3].map((repetition) => ({ modelKey: "Brück Ω", repetition, result, losses })),
    { modelKey: "pending", isPending: true },
  ]);
  reader = await openSqliteReader(path("runs.db"));
});
afterAll(async () => {
  await reader.close();
});

const losses = async (plotSize: number) => lossPlots(reader, await reader.runIds(), plotSize);

test("a PDF has pages, selectable text in embedded fonts, and lines instead of images", async () => {
  await writePlots(path("out.pdf"), await losses(2), options);
  expect(poppler("pdfinfo", path("out.pdf"))).toMatch(/Title: +Loss curves of 5 runs[\s\S]*Pages: +2\n/);
  const text = poppler("pdftotext", "-layout", path("out.pdf"), "-");
  for (const part of [
    "Run 1",
    "Run 5 (pending)",
    "15 parameters",
    "overfit 0.1",
    "train",
    "test",
    "epoch",
    "No loss history: the run is pending.",
  ])
    expect(text).toContain(part);
  expect(poppler("pdfimages", "-list", path("out.pdf")).trim().split("\n")).toHaveLength(2);
  const fonts = poppler("pdffonts", path("out.pdf")).trim().split("\n").slice(2);
  expect(fonts.length).toBeGreaterThan(0);
  expect(fonts.every((font) => /SourceSans3/.test(font) && / yes yes yes /.test(font))).toBe(true);
});

test("names in Chinese, Japanese, Korean, Hebrew and Arabic are drawn, with only the fonts that they need", async () => {
  const keys = ["卷积模型", "カナの模型", "합성곱 신경망", "מודל", "نموذج"];
  await writeExampleDatabase(
    path("scripts.db"),
    keys.flatMap((modelKey) =>
      [0, 1, 2].map((repetition) => ({ modelKey, repetition, result: { test_loss: 0.5 + repetition, nb_params: 15 } })),
    ),
  );
  const scripts = await openSqliteReader(path("scripts.db"));
  await writePlots(
    path("scripts.pdf"),
    criterionPlots(await readPlotRuns(scripts, await readFigures(scripts)), "data", runFigure("test_loss")),
    options,
  );
  await scripts.close();
  // Text that was drawn as an empty box is not found again.
  const text = poppler("pdftotext", path("scripts.pdf"), "-");
  for (const key of keys.slice(0, 3)) expect(Buffer.from(text, "latin1").toString()).toContain(key);
  expect((await readFile(path("scripts.pdf"))).length).toBeLessThan(200_000);
  for (const key of keys) {
    const { createCanvas } = await import("@napi-rs/canvas");
    const draw = (character: string) => {
      const canvas = createCanvas(40, 40);
      const context = canvas.getContext("2d");
      context.font = `24px ${fontFamiliesFor(character)}`;
      context.fillText(character, 4, 30);
      return canvas.toBuffer("image/png").toString("base64");
    };
    // Each of its characters has a picture of its own.
    const characters = new Set(key.replace(" ", ""));
    expect(new Set([...characters, "\uffff"].map(draw)).size).toBe(characters.size + 1);
  }
});

test("a PDF and a PNG show the same picture", async () => {
  const plots = criterionPlots(await readPlotRuns(reader, await readFigures(reader)), "data", runFigure("test_loss"));
  await writePlots(path("one.pdf"), plots, options);
  await writePlots(path("one.png"), plots, options);
  const png = await readFile(path("one.png"));
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1400, 900]);
  const rendered = Buffer.from(poppler("pdftoppm", "-r", "200", path("one.pdf")), "latin1");
  const { createCanvas, loadImage } = await import("@napi-rs/canvas");
  const context = createCanvas(1400, 900).getContext("2d");
  context.drawImage(await loadImage(png), 0, 0);
  const drawn = context.getImageData(0, 0, 1400, 900).data;
  const pixels = rendered.subarray(rendered.length - 1400 * 900 * 3);
  const inkOf = (at: (pixel: number) => number) => {
    let ink = 0;
    for (let pixel = 0; pixel < 1400 * 900; pixel++) ink += 255 - at(pixel);
    return ink / 255;
  };
  const [fromPdf, fromPng] = [inkOf((pixel) => pixels[3 * pixel] ?? 0), inkOf((pixel) => drawn[4 * pixel] ?? 0)];
  expect(fromPng).toBeGreaterThan(5000);
  expect(Math.abs(fromPdf / fromPng - 1)).toBeLessThan(0.1);
});

test("several pages are numbered SVG and PNG files", async () => {
  expect(await writePlots(path("out.svg"), await losses(1), options)).toEqual(
    [1, 2, 3, 4, 5].map((page) => path(`out-${page}.svg`)),
  );
  const svg = await readFile(path("out-1.svg"), "utf8");
  for (const part of ["Run 1 — 15 parameters", "loss (MSELoss)", "'Source Sans 3'", "#0072B2", "<path"])
    expect(svg).toContain(part);
  expect(svg).not.toContain("NaN,");
});

test("the CSV has every value", async () => {
  await writePlots(path("out.csv"), await losses(2), options);
  const lines = (await readFile(path("out.csv"), "utf8")).trimEnd().split("\n");
  expect(lines).toHaveLength(1 + 4 * 50 + 1);
  expect(lines[0]).toBe("run_id,status,pipeline,nb_params,epoch,train_loss,test_loss");
  expect(lines[21]).toBe(`1,done,Data | Mlp(2),15,21,${1 / 21},NaN`);
  expect(lines.at(-1)).toBe("5,pending,Data | Mlp(2),,,,");
});

test("what cannot be written leaves everything as it was", async () => {
  await writeFile(path("old.pdf"), "old");
  const before = await readdir(folder);
  const stopped = { ...options, signal: AbortSignal.abort(new Error("stopped")) };
  await expect(writePlots(path("old.pdf"), await losses(2), stopped)).rejects.toThrow("stopped");
  await expect(writePlots(path("out.jpg"), await losses(2), options)).rejects.toThrow(
    "must be one of .pdf, .svg, .png, .csv",
  );
  await expect(writePlots(path("no/out.pdf"), await losses(2), options)).rejects.toThrow(
    "does not exist; make it first",
  );
  const { code, err } = await runForTest(plotlossCommand, [
    path("or.db"),
    path("out.pdf"),
    "-id",
    "all",
    "-plot_size",
    "11",
  ]);
  expect({ code, err }).toMatchObject({
    code: 2,
    err: expect.stringContaining("--plot_size: expected an integer of at least 1 and"),
  });
  expect(await readdir(folder)).toEqual(before);
  expect(await readFile(path("old.pdf"), "utf8")).toBe("old");
});
