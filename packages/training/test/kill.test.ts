import { spawn } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { toYaml } from "@ml-mosaic/configurable";
import { temporaryFolder } from "@ml-mosaic/testing";
import { Trainer } from "@ml-mosaic/training";
import { expect, test } from "vitest";
import { pointsConfig, resultsOf, snapshotOf } from "./points/config.ts";

const folder = temporaryFolder();

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly string[];
  readonly errors: string;
}

/** Trains in a process of its own, to which a signal is sent as soon as it says a line that `when` matches. */
async function trainProcess(path: string, kill?: NodeJS.Signals, when?: RegExp): Promise<Ended> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "points/train.ts"), path]);
  const lines: string[] = [];
  let errors = "";
  child.stderr.on("data", (text) => {
    errors += String(text);
  });
  const ended = new Promise<Pick<Ended, "code" | "signal">>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (kill !== undefined && when?.test(line)) child.kill(kill);
  }
  return { ...(await ended), lines, errors };
}

async function writeConfig(name: string): Promise<string> {
  const path = join(folder, `${name}.yaml`);
  const scheduler = { type: "one_cycle", max_lr: 0.1 };
  const trainer = { scheduler, batch_size: 2, epochs: 4, trackers: [{ type: "tensorboard" }] };
  await writeFile(path, toYaml(pointsConfig(join(folder, name), trainer, { read: true })));
  return path;
}

test("killed again and again, at any place, a run goes on and ends as one that was not", async () => {
  await Trainer.fromConfig(await writeConfig("whole")).train();
  const config = await writeConfig("killed");
  const run = join(folder, "killed", "run");
  // 20 batches an epoch. The line after `epoch 2` is told when its files are written, others while they are.
  const places = [/^train 1 9$/, /^valid 1/, /^train 2 20$/, /^epoch 2$/, /^valid 3 2$/, /^train 4/, /^test/];
  const beginnings: (string | undefined)[] = [];
  for (const place of places) {
    const { signal, lines, errors } = await trainProcess(config, "SIGKILL", place);
    expect(errors).toBe("");
    expect(signal, lines.join()).toBe("SIGKILL");
    beginnings.push(lines[0]);
  }
  const { code, lines, errors } = await trainProcess(config);
  expect([code, lines.at(-1), errors]).toEqual([0, "done", ""]);
  expect(await resultsOf(run)).toEqual(await resultsOf(join(folder, "whole", "run")));
  // It did go on, each time: in the middle of epochs too.
  expect(beginnings[0]).toBe("train 1 1");
  expect(new Set(beginnings).size).toBeGreaterThan(4);
  expect(beginnings.some((line) => /^train \d ([2-9]|1\d)$/.test(line ?? ""))).toBe(true);
  // Nothing half-written is left.
  expect((await readdir(run)).filter((name) => name.endsWith(".tmp") || name.endsWith(".lock"))).toEqual([]);
});

test("an interrupt pauses a run at once, and the snapshot says where", async () => {
  await Trainer.fromConfig(await writeConfig("uninterrupted")).train();
  const config = await writeConfig("interrupted");
  const run = join(folder, "interrupted", "run");
  const first = await trainProcess(config, "SIGINT", /^train 1 1$/);
  expect([first.code, first.lines.at(-1), first.errors]).toEqual([0, "paused", ""]);
  const { trainInfo } = await snapshotOf(run, "last");
  expect(trainInfo.epoch).toBe(0);
  expect(trainInfo.within.batches).toBe(1);
  expect(trainInfo.random).toEqual({ seed: 0 });
  const second = await trainProcess(join(run, "last.safetensors"), "SIGTERM", /^valid 1 1$/);
  expect([second.code, second.lines.at(-1), second.errors]).toEqual([0, "paused", ""]);
  expect((await snapshotOf(run, "last")).trainInfo.within.batches).toBe(20);
  const third = await trainProcess(join(run, "last.safetensors"));
  expect([third.code, third.lines.at(-1)]).toEqual([0, "done"]);
  expect(await resultsOf(run)).toEqual(await resultsOf(join(folder, "uninterrupted", "run")));
});

test("a second process does not train the same run", async () => {
  const config = await writeConfig("twice");
  const child = spawn(process.execPath, [join(import.meta.dirname, "points/train.ts"), config]);
  try {
    await new Promise((resolve) => createInterface(child.stdout).once("line", resolve));
    child.kill("SIGSTOP");
    const second = await trainProcess(config);
    expect(second.code).toBe(1);
    expect(second.errors).toContain(`is being trained by process ${child.pid} on `);
  } finally {
    child.kill("SIGKILL");
  }
});
