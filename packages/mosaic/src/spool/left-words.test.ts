import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import {
  exampleEpoch,
  exampleExperiment,
  exampleOrder,
  exampleResult,
  exampleRun,
} from "../../test/store-conformance-examples.ts";
import { placeOfWords } from "../pilot/left-words.ts";
import type { FromPilot, ToPilot } from "../pilot/messages.ts";
import { openSqliteStore } from "../store/index.ts";
import { supervise } from "../supervisor/supervise.ts";
import { typescriptWorker } from "../supervisor/typescript-worker.ts";
import { writeValue } from "../wire/values.ts";
import { linkPaths, makeSpoolFolder } from "./folder.ts";
import { readLeftWords } from "./left-words.ts";
import { SpoolWriter } from "./writer.ts";

const order = (runId: number) => exampleOrder(runId);

test("what a pilot had said that is gone is heard by the next supervisor, where it wants the same", async () => {
  const folder = temporaryFolder();
  const spool = join(folder, "spool");
  await makeSpoolFolder(spool);
  mkdirSync(join(spool, "pilots", "p.1"));
  const paths = linkPaths(spool, "p.1", 3);
  const [told, said] = [
    new SpoolWriter(paths.toPilot, { mostBytes: 200 }),
    new SpoolWriter(paths.fromPilot, { mostBytes: 200 }),
  ];
  const tell = (message: ToPilot) => told.append(writeValue(message));
  const say = (message: FromPilot) => said.append(writeValue(message));
  for (const runId of [1, 2, 3]) {
    // Another seed is another run.
    const asked = runId === 3 ? { ...order(3), seed: 2 } : order(runId);
    tell({ kind: "tell", worker: 7, message: { kind: "run", token: 50 + runId, order: asked, tellsPrepared: false } });
    const records = [exampleEpoch(1)];
    say({ kind: "said", worker: 7, message: { kind: "epochs", token: 50 + runId, records, epochs: 2 } });
    const done = { kind: "done", result: exampleResult, directions: {}, artifacts: [], last: false } as const;
    if (runId !== 2)
      say({ kind: "said", worker: 7, message: { ...done, token: 50 + runId, records: [exampleEpoch(2)] } });
  }
  // The disk may have room again, whoever comes.
  tell({ kind: "tell", worker: 7, message: { kind: "run", token: 54, order: order(4), tellsPrepared: false } });
  const failed = { kind: "failed", token: 54, error: "Error: no", codeChanged: false } as const;
  say({ kind: "said", worker: 7, message: { ...failed, trouble: "the disk is full" } });
  await Promise.all([told.close(10_000), said.close(10_000)]);
  const files = readdirSync(join(spool, "pilots", "p.1"));
  const words = await readLeftWords(spool, () => false, 4);
  expect(words.map(({ name, order }) => [name, order.runId])).toEqual([
    ["p.1", 1],
    ["p.1", 3],
  ]);
  expect(await readLeftWords(spool, () => true, 4)).toEqual([]);
  expect(await readLeftWords(spool, () => false, 3)).toEqual([]);
  // They stay, for whoever comes if this one dies too.
  expect(readdirSync(join(spool, "pilots", "p.1"))).toEqual(files);

  const store = await openSqliteStore(join(folder, "left.db"));
  const experimentId = await store.createExperiment(exampleExperiment);
  await store.addRuns(
    experimentId,
    [1, 2, 3].map((each) => exampleRun({ identity: `identity ${each}` })),
  );
  const finish = new AbortController();
  const never = new AbortController().signal;
  const supervising = supervise({
    store,
    experimentId,
    places: [],
    snapshotSeconds: undefined,
    elsewhere: {
      async open(join) {
        for (const each of words) join(placeOfWords(each));
      },
      close: async () => undefined,
    },
    workOf: ({ runId }) => ({ order: order(runId), program: typescriptWorker }),
    onEvent: ({ kind }) => kind === "given-back" && finish.abort(),
    limits: { runSeconds: Number.POSITIVE_INFINITY, epochSeconds: Number.POSITIVE_INFINITY },
    finish: finish.signal,
    pause: never,
    stop: never,
  });
  await supervising;
  const runs = await Array.fromAsync(store.runs({ withHistory: true }));
  expect(runs.map(({ status }) => status)).toEqual(["done", "pending", "pending"]);
  expect((await store.history(1)).map(({ epoch }) => epoch)).toEqual([1, 2]);
  await store.close();
});
