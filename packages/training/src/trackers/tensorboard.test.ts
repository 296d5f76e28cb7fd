import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import type { EpochRecord } from "../history.ts";
import { BaseTracker } from "./base-tracker.ts";
import "./tensorboard.ts";

const python = "/usr/bin/python3";
const isSkipped = !existsSync(python) && process.env.REQUIRE_ALL !== "1";
const reader = join(import.meta.dirname, "../../fixtures/read_events.py");

const folder = temporaryFolder();

async function readEvents(where: string): Promise<readonly (readonly Record<string, unknown>[])[]> {
  const files = (await readdir(where)).sort().map((name) => join(where, name));
  const { stdout } = await promisify(execFile)(python, [reader, ...files]);
  return JSON.parse(stdout);
}

const epoch = (number: number, metrics: EpochRecord["metrics"] = {}): EpochRecord => ({
  epoch: number,
  lr: 0.1,
  trainLoss: 1 / number,
  validLoss: 2 / number,
  metrics,
  seconds: 1,
});

const run = { runName: "first", config: {}, earlier: [], warn: () => undefined };

test.skipIf(isSkipped)("writes event files that another reader reads, checksums and all", async () => {
  const tracker = BaseTracker.fromConfig({ type: "tensorboard" });
  const begin = Date.now() / 1000;
  await tracker.start({ ...run, folder, epochsDone: 0 });
  await tracker.epoch(epoch(1, { dice: 0.25, "naïve µ": Number.NaN }));
  await tracker.epoch(epoch(300, { dice: 1e300 }));
  await tracker.end({
    status: "finished",
    test: { snapshot: "best", epoch: 1, loss: 0.5, metrics: { dice: 0.75 } },
  });
  const [events = [], ...others] = await readEvents(join(folder, "tensorboard"));
  expect(others).toEqual([]);
  const times = events.map((event) => Number(event.wall_time));
  expect(times.every((time) => time >= begin - 1 && time <= Date.now() / 1000)).toBe(true);
  expect(events.map(({ wall_time, ...event }) => event)).toEqual([
    { step: 0, file_version: "brain.Event:2" },
    { step: 1, session: 1 },
    {
      step: 1,
      scalars: {
        lr: Math.fround(0.1),
        "loss/train": 1,
        "loss/valid": 2,
        "dice/valid": 0.25,
        "naïve µ/valid": "nan",
      },
    },
    {
      step: 300,
      scalars: {
        lr: Math.fround(0.1),
        "loss/train": Math.fround(1 / 300),
        "loss/valid": Math.fround(2 / 300),
        "dice/valid": "inf",
      },
    },
    { step: 1, scalars: { "loss/test": 0.5, "dice/test": 0.75 } },
  ]);
});

test.skipIf(isSkipped)("a run that goes on has a file of its own, which says where", async () => {
  const tracker = BaseTracker.fromConfig({ type: "tensorboard", log_dir: join(folder, "shared") });
  await tracker.start({ ...run, folder: join(folder, "elsewhere"), epochsDone: 4 });
  await tracker.epoch(epoch(5));
  const [events = []] = await readEvents(join(folder, "shared", "first"));
  expect(events.map(({ step, session }) => [step, session])).toEqual([
    [0, undefined],
    [5, 1],
    [5, undefined],
  ]);
});
