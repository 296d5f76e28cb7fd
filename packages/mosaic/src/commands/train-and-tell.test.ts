import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { startEarlyWorkers, takeEarlyWorker } from "../supervisor/early-workers.ts";
import { trainAndTell } from "./train-and-tell.ts";

test("workers that were started ahead and not needed end with the command, though its process goes on", async () => {
  const program = { command: process.execPath, args: ["-e", "setInterval(() => undefined, 1e6)"], environment: {} };
  const nothing = {
    database: join(temporaryFolder(), "or.db"),
    create: true,
    json: false,
    queue: async () => startEarlyWorkers(program, 1, 2) ?? undefined,
    goOn: () => undefined,
    next: () => [],
  };
  await trainAndTell(nothing, { out: () => undefined, err: () => undefined, isLive: false });
  expect(takeEarlyWorker(program)).toBeUndefined();
});
