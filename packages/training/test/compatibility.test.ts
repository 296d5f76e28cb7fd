/**
 * The folder of a run that an earlier Trainer paused in its third epoch (`fixtures/compatibility`, made by `make.sh` there)
 * is gone on with as it was then.
 */

import { copyFile, cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { csvValues, expectKept, moveSnapshot, processor, temporaryFolderIn } from "@ml-mosaic/testing";
import { Trainer } from "@ml-mosaic/training";
import { beforeAll, expect, test } from "vitest";
import { logOf, resultsOf } from "./points/config.ts";

const fixtures = join(import.meta.dirname, "../fixtures/compatibility");
/** Where it was made. */
const formerFolder = "/tmp/mosaic-compatibility";
const machine: { readonly processor: string } = JSON.parse(await readFile(join(fixtures, "machine.json"), "utf8"));
/** Another kind of processor adds up in another order. */
const tolerance = processor() === machine.processor ? 0 : 1e-6;

/** In the repository, where `points.ts` finds `@ml-mosaic/tensor`. */
let folder: string;
beforeAll(async () => {
  folder = temporaryFolderIn(import.meta.dirname);
  await cp(fixtures, folder, { recursive: true });
  await copyFile(join(import.meta.dirname, "points/points.ts"), join(folder, "points.ts"));
  for (const name of ["best", "last"])
    await moveSnapshot(join(folder, `run/${name}.safetensors`), formerFolder, folder);
});

/** The figures of a run's tables, and the tensors of its last snapshot. */
async function figuresOf(run: string) {
  const { log, last, best, test } = await resultsOf(join(folder, run));
  const numbers = csvValues([...log, test].join("\n"));
  const tensors = [last, best].map((snapshot) =>
    Array.from(snapshot.tensors, ([name, { data, shape, dtype }]) => [name, dtype, shape, Array.from(data, Number)]),
  );
  return { numbers, tensors };
}

test("trains a configuration as it was trained then", async () => {
  const yaml = await readFile(join(folder, "run.yaml"), "utf8");
  // Then ONNX Runtime computed everything.
  const again = yaml.replace(/^( *)run_name: run$/m, "$1run_name: again\n$1executor: onnx");
  await writeFile(join(folder, "again.yaml"), again);
  await Trainer.fromConfig(join(folder, "again.yaml")).train();
  expectKept(await figuresOf("again"), await figuresOf("ended"), { tolerance });
});

test("goes on from the middle of an epoch as it went on then", async () => {
  const before = await logOf(join(folder, "run"));
  expect(before).toHaveLength(3);
  await Trainer.fromSnapshot(join(folder, "run/last.safetensors")).train();
  expectKept(await figuresOf("run"), await figuresOf("ended"), { tolerance });
});
