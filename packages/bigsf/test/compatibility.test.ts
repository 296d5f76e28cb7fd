/**
 * What an earlier `bigsf train-k-fold` left when it was stopped (`fixtures/compatibility`, made by `make.sh` there) is gone
 * on with as it was then, and its models say of a map what they said.
 */
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { csvValues, expectKept, moveSnapshot, processor } from "@ml-mosaic/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPixels } from "./segment-workspace.ts";
import { TrainingWorkspace } from "./training-workspace.ts";

const fixtures = join(import.meta.dirname, "../fixtures/compatibility");
/** Where it was made. */
const formerFolder = "/tmp/mosaic-compatibility";
const machine: { readonly processor: string } = JSON.parse(await readFile(join(fixtures, "machine.json"), "utf8"));
/** Another kind of processor adds up in another order. */
const tolerance = processor() === machine.processor ? 0 : 1e-6;
/** Training adds up more than 1,024 numbers block by block, which it did not then. */
const trainedTolerance = 1e-5;

const workspace = new TrainingWorkspace();

beforeAll(async () => {
  await cp(fixtures, workspace.folder, { recursive: true });
  // As if it had not been moved.
  for (const name of workspace.files("runs").map((name) => workspace.path("runs", name)))
    if (name.endsWith(".safetensors")) await moveSnapshot(name, formerFolder, workspace.folder);
    else await writeFile(name, (await readFile(name, "utf8")).replaceAll(formerFolder, workspace.folder));
});
afterAll(() => workspace.remove());

async function expectSameMap(now: string, then: string, tolerance: number): Promise<void> {
  const { shape, data } = await readPixels(workspace.path(now));
  const former = await readPixels(workspace.path(then));
  expect(shape).toEqual(former.shape);
  expectKept(Array.from(data), Array.from(former.data), { tolerance });
}

/** Cells by row and column: tables have got more of both. Intervals of shares are others since they stay between 0 and 1. */
function cellsOf(table: string): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const [header = [], ...rows] = csvValues(table);
  const isKept = (row: unknown, column: string) => row === "loss" || !/low|high/.test(column);
  return Object.fromEntries(
    rows.map(([key, ...cells]) => [
      String(key),
      Object.fromEntries(
        header.slice(1).flatMap((name, i) => (isKept(key, String(name)) ? [[String(name), cells[i]]] : [])),
      ),
    ]),
  );
}

test("goes on with the splits that are left, to the same results", async () => {
  const { code, stderr } = await workspace.run("train-k-fold", "-c", "k-fold.yaml");
  expect(code, stderr).toBe(0);
  // Splits 1 and 2 were done, and the third had done no epoch.
  expect(stderr.match(/^split \d {2}epoch \d of 2/gm)).toEqual(["split 3  epoch 1 of 2", "split 3  epoch 2 of 2"]);
  for (const table of ["test_results.csv", "summary.csv"])
    expectKept(cellsOf(workspace.text("runs/folds", table)), cellsOf(workspace.text("ended", table)), {
      tolerance: trainedTolerance,
    });
  await expectSameMap("runs/folds/out_of_fold.fits", "ended/out_of_fold.fits", trainedTolerance);
});

test("segments a map with a model of then as it was segmented then", async () => {
  const { code, stderr } = await workspace.run("segment", "-c", "segment.yaml");
  expect(code, stderr).toBe(0);
  await expectSameMap("segmented/probability.fits", "ended/probability.fits", tolerance);
});
