import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { progressText, startProgress } from "./progress.ts";

const state = { title: "Writing", unit: "patches", total: 28_197 };

test("share, count, rate and time left", () => {
  expect(progressText({ ...state, done: 0, seconds: 0 })).toBe(`Writing ${"░".repeat(24)}   0 %  0 of 28,197 patches`);
  expect(progressText({ ...state, done: 14_099, seconds: 10 })).toBe(
    `Writing ${"█".repeat(12)}${"░".repeat(12)}  50 %  14,099 of 28,197 patches  1,410/s  00:10 left`,
  );
  expect(progressText({ ...state, done: 28_197, seconds: 61 })).toBe(
    `Writing ${"█".repeat(24)} 100 %  28,197 of 28,197 patches  462/s  in 01:01`,
  );
  expect(progressText({ ...state, done: 3, seconds: 10 })).toContain("0.30/s");
});

function written(isLive: boolean) {
  const lines: string[] = [];
  const terminal = { isLive, out: () => {}, err: (text: string) => void lines.push(text) };
  return { lines, progress: startProgress(terminal, { ...state, total: 3 }) };
}

test("on a terminal the line is written over, at most ten times a second, and the last state is shown", async () => {
  const { lines, progress } = written(true);
  progress.update(1);
  progress.update(2);
  expect(lines).toHaveLength(1);
  await setTimeout(120);
  progress.update(2);
  progress.update(3);
  progress.end();
  expect(lines).toHaveLength(4);
  for (const line of lines.slice(0, 3)) expect(line.startsWith("\r") && line.endsWith("\u001b[K")).toBe(true);
  expect(lines[2]).toContain("3 of 3");
  expect(lines[3]).toBe("\n");
});

test("elsewhere short work says nothing", () => {
  const { lines, progress } = written(false);
  for (const done of [1, 2, 3]) progress.update(done);
  progress.end();
  expect(lines).toEqual([]);
});
