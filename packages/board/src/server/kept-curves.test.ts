import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { openSqliteReader, type RunCurves, type StoreReader } from "ml-mosaic/reading";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSqliteStore } from "../../../mosaic/src/store/index.ts";
import type { Store } from "../../../mosaic/src/store/store.ts";
import {
  exampleEpoch,
  exampleExperiment,
  exampleResult,
  exampleRun,
  leaseRun,
} from "../../../mosaic/test/store-conformance-examples.ts";
import { BoardDatabase } from "./board-database.ts";
import { type CurveQuestion, KeptCurves } from "./kept-curves.ts";

const runIds = [1, 2, 3];
let database: string;
let store: Store;
let experimentId: number;
let reader: StoreReader;

/** The first is done after three epochs, the second paused after two, the third running. */
beforeAll(async () => {
  database = join(temporaryFolder(), "or.db");
  store = await openSqliteStore(database);
  experimentId = await store.createExperiment(exampleExperiment);
  await store.addRuns(
    experimentId,
    runIds.map((run) => exampleRun({ identity: String(run) })),
  );
  const done = await leaseRun(store, experimentId);
  await store.appendHistory(done, [1, 2, 3].map(exampleEpoch));
  await store.completeRun(done, { result: exampleResult });
  const paused = await leaseRun(store, experimentId);
  await store.appendHistory(paused, [1, 2].map(exampleEpoch));
  await store.pauseRun(paused, 2);
  await store.appendHistory(await leaseRun(store, experimentId), [exampleEpoch(1)]);
  reader = await openSqliteReader(database);
});
afterAll(async () => {
  await reader.close();
  await store.close();
});

const question: CurveQuestion = {
  runIds,
  series: ["test_loss"],
  times: { seconds: false },
  running: new Set([3]),
};

/** With what it asks the store for, run by run. */
function watchedCurves(mostBytes?: number, meanwhile: () => void = () => undefined) {
  const asked: string[] = [];
  const watched: Pick<StoreReader, "curves"> = {
    async *curves(...[ids, names, after, times]) {
      for (const id of ids) asked.push(`${id} ${names.join()}`);
      for await (const run of reader.curves(ids, names, after, times)) {
        meanwhile();
        yield run;
      }
    },
  };
  return { kept: new KeptCurves(watched, mostBytes), asked };
}

function stored({ series, times }: CurveQuestion): Promise<readonly RunCurves[]> {
  return Array.fromAsync(reader.curves(runIds, series, 0, times));
}

test("what is kept is what the store has, and running runs alone are read again", async () => {
  const { kept, asked } = watchedCurves();
  const questions = [
    question,
    question,
    { ...question, series: ["train_loss", "test_loss"] },
    { ...question, series: ["train_loss"], times: { seconds: true } },
    { ...question, series: ["test_loss", "train_loss"] },
  ];
  const read: string[][] = [];
  for (const each of questions) {
    expect(await Array.fromAsync(kept.read(each))).toEqual(await stored(each));
    read.push(asked.splice(0));
  }
  expect(read).toEqual([
    ["1 test_loss", "2 test_loss", "3 test_loss"],
    ["3 test_loss"],
    ["1 train_loss,test_loss", "2 train_loss,test_loss", "3 train_loss,test_loss"],
    ["1 train_loss", "2 train_loss", "3 train_loss"],
    ["3 test_loss,train_loss"],
  ]);
});

test("what is forgotten is read again, also where it was being read at that moment", async () => {
  const { kept, asked } = watchedCurves(undefined, () => {
    if (asked.length === 1) kept.forget([1]);
  });
  const ofFirst = { ...question, runIds: [1] };
  for (let time = 0; time < 3; time++) await Array.fromAsync(kept.read(ofFirst));
  expect(asked).toHaveLength(2);
  kept.forget();
  await Array.fromAsync(kept.read(ofFirst));
  expect(asked).toHaveLength(3);
});

test("a run that begins while a long question is answered is not kept as it is then", async () => {
  const { kept, asked } = watchedCurves(undefined, () => {
    if (asked.length === 10) kept.forget([3]);
  });
  // Runs that are not there fill the rest of what is read in one go.
  const runIds = [1, 101, 102, 103, 104, 105, 106, 107, 108, 109, 3];
  await Array.fromAsync(kept.read({ ...question, runIds, running: new Set() }));
  asked.length = 0;
  await Array.fromAsync(kept.read({ ...question, runIds: [1, 3], running: new Set() }));
  expect(asked).toEqual(["3 test_loss"]);
});

test("runs without epochs take room too", async () => {
  const { kept, asked } = watchedCurves(5000);
  const waiting = { ...question, runIds: Array.from({ length: 20 }, (_, place) => 101 + place) };
  await Array.fromAsync(kept.read(waiting));
  asked.length = 0;
  await Array.fromAsync(kept.read(waiting));
  expect(asked.length).toBeGreaterThan(0);
});

test("where there is no room for all those go that were asked for longest ago", async () => {
  // With its epochs a curve takes 1000 bytes and 16 an epoch: the first run has three.
  const { kept, asked } = watchedCurves(1000 + 3 * 16);
  expect(await Array.fromAsync(kept.read(question))).toEqual(await stored(question));
  asked.length = 0;
  for (const run of [2, 1, 1, 2]) await Array.fromAsync(kept.read({ ...question, runIds: [run] }));
  expect(asked).toEqual(["1 test_loss", "2 test_loss"]);
});

test("a board shows the epochs of a run that has gone on since its curves were read", async () => {
  const board = await BoardDatabase.open(database);
  const lengths = async () => {
    const columns = await board.columns();
    const read = board.curves(columns, runIds, ["test_loss"], { seconds: false });
    return (await Array.fromAsync(read)).map(({ epochs }) => epochs.length);
  };
  await board.readAhead();
  expect(await lengths()).toEqual([3, 2, 1]);
  await store.requeueRuns(experimentId, [2]);
  const lease = await leaseRun(store, experimentId);
  await store.appendHistory(lease, [exampleEpoch(3)]);
  expect(await lengths()).toEqual([3, 3, 1]);
  await store.appendHistory(lease, [exampleEpoch(4)]);
  expect(await lengths()).toEqual([3, 4, 1]);
  await store.completeRun(lease, { result: exampleResult, history: [exampleEpoch(5)] });
  expect(await lengths()).toEqual([3, 5, 1]);
  expect(await lengths()).toEqual([3, 5, 1]);
  await board.close();
});
