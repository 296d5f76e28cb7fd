import { runCommand } from "@ml-mosaic/command-line";
import { expect, test } from "vitest";
import { workerCommand } from "./worker.ts";

test.each([
  [["--device", "cudaa"], '--device: expected cpu, webgpu, cuda:0, cuda:1… or mps, got "cudaa"'],
  [["--device", "cuda"], 'got "cuda"'],
  [["--data-root", "/no/such/data"], "--data-root: /no/such/data is no folder here"],
  [["--data-root", "/etc/hostname"], "--data-root: /etc/hostname is no folder here"],
])("%j is refused before a supervisor is met: all its runs would fail", async (options, says) => {
  const told: string[] = [];
  const terminal = { isLive: false, out: () => undefined, err: (text: string) => void told.push(text) };
  const args = ["tcp://127.0.0.1:1", "--linger", "0", ...options];
  expect(await runCommand(workerCommand, "mosaic worker", args, terminal)).toBe(2);
  expect(told.join("")).toContain(says);
});
