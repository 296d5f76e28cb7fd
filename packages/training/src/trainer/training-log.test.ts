import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, expect, test } from "vitest";
import type { EpochRecord } from "../history.ts";
import { TrainingLog } from "./training-log.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, "logs_train.csv");
});

const epoch = (number: number, metrics: EpochRecord["metrics"] = { dice: 0.5 }): EpochRecord => ({
  epoch: number,
  lr: 1e-4,
  trainLoss: 1 / 3,
  validLoss: number === 2 ? Number.NaN : 0.25,
  metrics,
  seconds: 1.5,
});

test("epochs as they were, read back exactly", async () => {
  const log = await TrainingLog.open(path, 0);
  expect(log.epochs).toEqual([]);
  for (const number of [1, 2]) await log.append(epoch(number));
  expect(await readFile(path, "utf8")).toBe(
    "epoch,lr,train_loss,valid_loss,valid_dice,seconds\n1,0.0001,0.3333333333333333,0.25,0.5,1.500\n2,0.0001,0.3333333333333333,NaN,0.5,1.500\n",
  );
  expect((await TrainingLog.open(path, 2)).epochs).toEqual([epoch(1), epoch(2)]);
});

test("a run that goes on loses what it will do again, and what was cut off", async () => {
  const first = await TrainingLog.open(path, 0);
  for (const number of [1, 2, 3]) await first.append(epoch(number));
  const whole = await readFile(path, "utf8");
  await writeFile(path, `${whole}4,0.0001,0.33`);
  const second = await TrainingLog.open(path, 2);
  expect(second.epochs.map((each) => each.epoch)).toEqual([1, 2]);
  for (const number of [3, 4]) await second.append(epoch(number));
  expect((await readFile(path, "utf8")).split("\n").map((line) => line.split(",")[0])).toEqual([
    "epoch",
    "1",
    "2",
    "3",
    "4",
    "",
  ]);
  expect((await readFile(path, "utf8")).startsWith(whole)).toBe(true);
});

test("another metric on the way is another column; no figure is lost", async () => {
  const first = await TrainingLog.open(path, 0);
  await first.append(epoch(1));
  const second = await TrainingLog.open(path, 1);
  await second.append(epoch(2, { auc: 0.75 }));
  const { epochs } = await TrainingLog.open(path, 2);
  expect(epochs.map(({ metrics }) => metrics)).toEqual([{ dice: 0.5 }, { auc: 0.75 }]);
});
