import { existsSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { exampleOrder } from "../../test/store-conformance-examples.ts";
import { executeProgram } from "./execute-program.ts";
import { programClass, programPath } from "./options.ts";

test("a program may have removed its files before anything else is done", async () => {
  const folder = temporaryFolder();
  const command = `sh -c 'printf "%s\\n" "$0"; rm -r "$MOSAIC_FILES"' '{report}'`;
  const report = '{"mosaic": 1, "epoch": 1, "train_loss": 0.5, "test_loss": 0.5}';
  const module = { type: "model", className: programClass, path: programPath, key: "k", options: { command, report } };
  const order = exampleOrder(7, { pipeline: { modules: [module], training: {} }, folder, filesFolder: folder });
  const outcome = await executeProgram(
    { ...order, process: { epochs: "1" } },
    {
      pause: new AbortController().signal,
      onPrepared() {
        // Whoever waits for the processor waits so.
        for (let looks = 0; existsSync(join(folder, "program_7")) && looks < 10_000; looks++)
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      },
      onWork() {},
      onEpoch() {},
      onSnapshot() {},
    },
  );
  expect(outcome).toMatchObject({ kind: "done", result: { test_loss: 0.5 } });
});
