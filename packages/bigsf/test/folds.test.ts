/** The command `bigsf folds`, run as users run it. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { createCanvas, loadImage } from "@napi-rs/canvas";
import { beforeAll, expect, test } from "vitest";
import { writeMaps } from "../src/datasets/map-examples.ts";
import { runBigsf } from "./start-bigsf.ts";

let folder: string;

beforeAll(async () => {
  folder = temporaryFolder();
  await mkdir(join(folder, "maps"));
  await writeMaps(join(folder, "maps"), { height: 90, width: 60, target: (y, x) => (x % 20 === 5 && y < 60 ? 1 : 0) });
});

const source = `source: { image: maps/image.fits, target: maps/target.fits, missing: maps/missing.fits, background: maps/background.fits }`;

/** Runs the command on this data section, in the folder of the file. */
async function folds(data: string, ...args: readonly string[]) {
  await writeFile(join(folder, "config.yaml"), `${data}\ntrainer: { model: { type: whatever } }\n`);
  return runBigsf(folder, "folds", "-c", "config.yaml", ...args);
}

async function readPicture(name: string) {
  const image = await loadImage(join(folder, name));
  const context = createCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, image.width, image.height);
}

const data = (more = "") =>
  `data:\n  ${source}\n  patch_size: 10\n  stride: 2\n  folds: { k: 3, k_train: 1, area_size: 30 }\n${more}`;

test("prints what is in folds and sets, and draws the map", async () => {
  const { code, stdout, stderr } = await folds(data());
  expect(stderr).toBe("");
  expect(code).toBe(0);
  // Areas of 30 x 30 pixels have 11 x 11 positions. Filaments at x 5 and 25 are seen by 6 of 11 columns, at 45 by 5.
  expect(stdout).toBe(`maps/image.fits: 726 of 1,066 patches of 10 x 10 (68.1 %) lie within one of 6 areas.

fold  areas  patches  with filament  filament pixels
----  -----  -------  -------------  ---------------
   1      2      242   121 (50.0 %)            5.0 %
   2      2      242    55 (22.7 %)            2.3 %
   3      2      242    66 (27.3 %)            2.7 %

split  set    folds  patches  with filament  filament pixels
-----  -----  -----  -------  -------------  ---------------
    1  train  1          242   121 (50.0 %)            5.0 %
       valid  2          242    55 (22.7 %)            2.3 %
       test   3          242    66 (27.3 %)            2.7 %
    2  train  2          242    55 (22.7 %)            2.3 %
       valid  3          242    66 (27.3 %)            2.7 %
       test   1          242   121 (50.0 %)            5.0 %
    3  train  3          242    66 (27.3 %)            2.7 %
       valid  1          242   121 (50.0 %)            5.0 %
       test   2          242    55 (22.7 %)            2.3 %

Every fold is tested: predictions for test sets make up a whole out-of-fold map.

picture: folds.png
`);
  const { width, height } = await readPicture("folds.png");
  expect(width).toBeGreaterThan(500);
  expect(height).toBeGreaterThan(500);
});

test("JSON has every figure", async () => {
  const { stdout } = await folds(data(), "--json", "--picture", "drawn.png");
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({
    patches: 1066,
    assigned: 726,
    areas: 6,
    pictures: ["drawn.png"],
    testsEveryFold: true,
  });
  expect(report.splits).toHaveLength(3);
  expect(report.splits[1].train.folds).toEqual([2]);
  const total = (list: readonly { patches: number }[]) => list.reduce((sum, { patches }) => sum + patches, 0);
  for (const split of report.splits) expect(total([split.train, split.valid, split.test])).toBe(726);
  expect((await readPicture("drawn.png")).width).toBeGreaterThan(500);
});

test("colours in the picture are those of the folds", async () => {
  await folds(data("  normalization: none\n"), "--split", "3");
  const { width, height, data: pixels } = await readPicture("folds.png");
  const counts = new Map<string, number>();
  for (let dot = 0; dot < width * height; dot++) {
    const [red = 0, green = 0, blue = 0] = pixels.subarray(4 * dot, 4 * dot + 3);
    // Blue, green and orange over grey: which of the channels lead.
    const kind = red - blue > 30 ? "test" : green - red > 30 && green > blue ? "valid" : blue - red > 30 ? "train" : "";
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const [train = 0, valid = 0, tested = 0] = ["train", "valid", "test"].map((kind) => counts.get(kind) ?? 0);
  for (const each of [train, valid, tested]) expect(each / train).toBeCloseTo(1, 1);
});

test("warnings go to stderr: what is dropped, overlap, sets that cannot be trained", async () => {
  const { code, stderr } = await folds(data().replace("area_size: 30", "area_size: 12, overlap: 1"));
  expect(code).toBe(0);
  expect(stderr).toMatch(/^warning: overlap 1: patches reach up to 1 pixels into the next area/m);
  expect(stderr).toMatch(/^warning: .*patches \(.* %\) are dropped/m);
  const { stderr: empty, code: ended } = await folds(data("  test: { stride: 200 }\n"));
  expect(ended).toBe(0);
  expect(empty).toMatch(
    /^warning: the test set of split 2 has no labelled filament|has no patch: it cannot be trained$/m,
  );
});

test("mistakes come all at once, with their lines, and end with 2", async () => {
  const wrong = `data:\n  ${source.replace("target.fits", "none.fits")}\n  folds: { k: 2, area_siz: 64 }\n  train: { stride: 0 }`;
  const { code, stdout, stderr } = await folds(wrong);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/config\.yaml:3:\d+: data\.folds\.area_siz: unknown option; did you mean "area_size"/);
  expect(stderr).toMatch(/config\.yaml:4:\d+: data\.train\.stride: expected an integer of at least 1, got 0/);
  const { stderr: missing } = await folds(`data:\n  ${source.replace("target.fits", "none.fits")}`);
  expect(missing).toMatch(/config\.yaml:2:\d+: data\.source\.target: there is no file .*none\.fits/);
  expect((await folds("dta: 1")).stderr).toMatch(/data: missing/);
  expect((await folds(data(), "--split", "4")).stderr).toMatch(/--split 4: there are splits 1 to 3/);
  expect((await folds(data().replace("k: 3, k_train: 1", "k: 1"))).stderr).toMatch(
    /only 6 areas.*What works: area_size/,
  );
});
