/** Runs that begin and end between two looks of the board. */
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
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

let store: Store;
let experimentId: number;
let board: BoardDatabase;
beforeEach(async () => {
  const path = join(temporaryFolder(), "or.db");
  store = await openSqliteStore(path);
  experimentId = await store.createExperiment(exampleExperiment);
  await store.addRuns(experimentId, [exampleRun({ identity: "one" }), exampleRun({ identity: "other" })]);
  board = await BoardDatabase.open(path);
});
afterEach(async () => {
  await board.close();
  await store.close();
});

/** Names of what has curves, as a page asks for them. */
async function series(): Promise<readonly string[]> {
  const { series: found } = await board.info({ databases: [], mayControl: false });
  return found.map(({ name }) => name);
}

test("their curves are known, though nobody has seen one of their epochs come", async () => {
  expect(await series()).toEqual([]);
  const lease = await leaseRun(store, experimentId);
  await store.completeRun(lease, { result: exampleResult, history: [exampleEpoch(1)] });
  expect(await series()).toEqual(["train_loss", "test_loss", "train_acc", "lr"]);
});

test("so are they where a run was seen before it had one", async () => {
  const lease = await leaseRun(store, experimentId);
  expect(await series()).toEqual([]);
  await store.completeRun(lease, { result: exampleResult, history: [exampleEpoch(1)] });
  expect(await series()).toEqual(["train_loss", "test_loss", "train_acc", "lr"]);
});
