/** PDF and PNG of a plot are drawn by the same library but in two ways: what poppler makes of the one is compared with the other. */

import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "@ml-mosaic/command-line";
import { seededRandom } from "@ml-mosaic/statistics";
import { temporaryFolder } from "@ml-mosaic/testing";
import { createCanvas, loadImage } from "@napi-rs/canvas";
import { beforeAll, expect, test } from "vitest";
import { dataEntry, netEntry, writeDatabase } from "../../../test/compare-test-database.ts";
import { runForTest } from "../../../test/run-for-test.ts";
import { compareCommand } from "../../commands/compare.ts";
import { importanceCommand } from "../../commands/importance.ts";
import { parallelCommand } from "../../commands/parallel.ts";
import { paretoCommand } from "../../commands/pareto.ts";

let folder: string;
const path = (name: string) => join(folder, name);
const poppler = (program: string, ...args: readonly string[]) => execFileSync(program, args, { maxBuffer: 2 ** 28 });

beforeAll(async () => {
  folder = temporaryFolder("mosaic pictures ");
  const random = seededRandom(8);
  const runs = ["data_A", "data_B", "data_C", "data_D"].flatMap((data) =>
    [2, 3, 4, 5].flatMap((width) =>
      [0, 1, 2].map((repetition) => ({
        pipeline: [dataEntry(data), netEntry(width, { depth: String(width % 2) })],
        repetition,
        results: { test_loss: 1 / width + random() / 10, nb_params: 10 * width },
      })),
    ),
  );
  await writeDatabase(path("runs.db"), runs);
});

/** Darkness by cells of 40 x 40 pixels, at 100 dots an inch. */
function cellsOf(width: number, height: number, darkness: (pixel: number) => number): readonly number[] {
  const across = Math.ceil(width / 40);
  const cells = new Array<number>(across * Math.ceil(height / 40)).fill(0);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const cell = Math.floor(y / 40) * across + Math.floor(x / 40);
      cells[cell] = (cells[cell] ?? 0) + darkness(y * width + x) / 1600;
    }
  return cells;
}

async function pictures(spec: Command, args: (file: string) => readonly string[]) {
  for (const ending of ["pdf", "png"]) {
    const { code, err } = await runForTest(spec, [path("runs.db"), ...args(path(`one.${ending}`))]);
    expect(code, err).toBe(0);
  }
  const rendered = poppler("pdftoppm", "-r", "100", "-gray", path("one.pdf"));
  const [, columns = "", rows = ""] =
    /^P5\s(\d+)\s(\d+)\s255\s/.exec(rendered.subarray(0, 40).toString("latin1")) ?? [];
  const [width, height] = [Number(columns), Number(rows)];
  const fromPdf = rendered.subarray(rendered.length - width * height);
  const context = createCanvas(width, height).getContext("2d");
  context.drawImage(await loadImage(await readFile(path("one.png"))), 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const weights = [0.299, 0.587, 0.114];
  const gray = (pixel: number) =>
    weights.reduce((sum, weight, channel) => sum + weight * (data[4 * pixel + channel] ?? 0), 0);
  return {
    pdf: cellsOf(width, height, (pixel) => 1 - (fromPdf[pixel] ?? 0) / 255),
    png: cellsOf(width, height, (pixel) => 1 - gray(pixel) / 255),
  };
}

const one = (file: string) => [file, "--data", "data_A"];

test.each([
  ["the comparison on a data set", compareCommand, (file: string) => ["--data", "data_A", "--plot", file]],
  ["the comparison over data sets", compareCommand, (file: string) => ["--plot", file]],
  ["parallel coordinates", parallelCommand, one],
  ["parallel coordinates by model", parallelCommand, (file: string) => [...one(file), "--color", "model"]],
  ["importance", importanceCommand, one],
  ["a Pareto front", paretoCommand, one],
] as const)("PDF and PNG of %s show the same everywhere", async (_name, spec, args) => {
  const { pdf, png } = await pictures(spec, args);
  expect(png.filter((darkness) => darkness > 0.005).length).toBeGreaterThan(20);
  const apart = pdf.map((darkness, cell) => Math.abs(darkness - (png[cell] ?? 0)));
  expect(Math.max(...apart)).toBeLessThan(0.06);
  expect(apart.reduce((sum, value) => sum + value, 0) / apart.length).toBeLessThan(0.01);
});
