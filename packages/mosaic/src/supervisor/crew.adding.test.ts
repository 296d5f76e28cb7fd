/** A supervisor whose runs are still being put into the store, with a worker that is done as soon as it is told. */
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { exampleExperiment, exampleOrder, exampleResult, exampleRun } from "../../test/store-conformance-examples.ts";
import { openSqliteStore } from "../store/index.ts";
import { localPlace } from "./local-place.ts";
import type { WorkerPlace } from "./place.ts";
import { supervise } from "./supervise.ts";
import { typescriptWorker } from "./typescript-worker.ts";

const place: WorkerPlace = {
  ...localPlace("cpu", 0),
  start: (_program, events) => ({
    hasEnded: false,
    send({ kind, token }) {
      if (kind !== "run") return;
      events.message({
        kind: "done",
        token,
        result: exampleResult,
        directions: {},
        records: [],
        artifacts: [],
        last: false,
      });
    },
    kill: () => undefined,
    signal: () => undefined,
  }),
};

async function begin() {
  const store = await openSqliteStore(join(temporaryFolder(), "adding.db"));
  const experimentId = await store.createExperiment(exampleExperiment);
  await store.addRuns(experimentId, [exampleRun()]);
  const adding = Promise.withResolvers<void>();
  const finish = new AbortController();
  const never = new AbortController().signal;
  let done = 0;
  const supervising = supervise({
    store,
    experimentId,
    places: [place],
    adding: adding.promise,
    snapshotSeconds: undefined,
    workOf: ({ runId, pipeline, repetition, seed }) => ({
      order: exampleOrder(runId, { pipeline, repetition, seed }),
      program: typescriptWorker,
    }),
    onEvent: ({ kind }) => {
      if (kind === "done") done++;
    },
    limits: { runSeconds: Number.POSITIVE_INFINITY, epochSeconds: Number.POSITIVE_INFINITY },
    finish: finish.signal,
    pause: never,
    stop: never,
  });
  const over = supervising.then(
    () => "over",
    () => "failed",
  );
  await expect.poll(() => done).toBe(1);
  return {
    store,
    supervising,
    adding,
    finish,
    add: () => store.addRuns(experimentId, [exampleRun({ identity: "second", repetition: 1 })]),
    isOver: () => Promise.race([over, Promise.resolve("at work")]),
  };
}

test("waits for runs that are not in the store yet", async () => {
  const { store, supervising, adding, add, isOver } = await begin();
  expect(await isOver()).toBe("at work");
  await add();
  await expect.poll(() => store.countByStatus()).toEqual(new Map([["done", 2]]));
  expect(await isOver()).toBe("at work");
  adding.resolve();
  await supervising;
  await store.close();
});

test("carries out the last that came", async () => {
  const { store, supervising, adding, add } = await begin();
  await add();
  adding.resolve();
  await supervising;
  expect(await store.countByStatus()).toEqual(new Map([["done", 2]]));
  await store.close();
});

test("waits for none where it is asked to finish", async () => {
  const { store, supervising, finish } = await begin();
  finish.abort();
  await supervising;
  await store.close();
});

test("ends where they cannot be put there", async () => {
  const { store, supervising, adding } = await begin();
  const full = new Error("the disk is full");
  adding.reject(full);
  await expect(supervising).rejects.toBe(full);
  await store.close();
});
