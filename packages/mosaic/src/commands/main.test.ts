import { availableParallelism } from "node:os";
import { afterEach, expect, test } from "vitest";
import { endEarlyWorkers, takeEarlyWorker } from "../supervisor/early-workers.ts";
import { typescriptWorker } from "../supervisor/typescript-worker.ts";
import { signalGroup } from "../worker/started-processes.ts";
import { mosaic } from "./main.ts";

afterEach(endEarlyWorkers);

/** Whether a worker boots as soon as the command is called. */
async function bootsFor(verb: string, ...words: readonly string[]): Promise<boolean> {
  await mosaic.onCalled?.(verb, words);
  const worker = takeEarlyWorker(typescriptWorker);
  if (worker !== undefined) signalGroup(worker.child, "SIGKILL");
  return worker !== undefined;
}

test.each(["run", "rerun", "resume"])("%s boots a worker, where there is a processor for it", async (verb) => {
  expect(await bootsFor(verb, "config.ini", "results.db")).toBe(availableParallelism() > 1);
});

test.each([
  ["status", "results.db"],
  ["run", "config.ini", "results.db", "--dry-run"],
  ["run", "--help"],
  ["resume", "-h"],
  [""],
])("%j boots none", async (verb, ...words) => {
  expect(await bootsFor(verb, ...words)).toBe(false);
});
