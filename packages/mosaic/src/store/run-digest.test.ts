import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import {
  exampleEpoch,
  exampleExperiment,
  exampleResult,
  exampleRun,
  leaseRun,
} from "../../test/store-conformance-examples.ts";
import { openSqliteStore } from "./open-sqlite-store.ts";

/** Those that databases have which were written before: of a history that is digested at once, and of one in several pieces. */
test.each([
  [2, "94c0a24f83fa8aa396d314085f713088a752a9a04862f4eb5749c658365432f3"],
  [3000, "5ec6cdee1a5834525ce967f81888b2966286590877236d26a40c18ca26dccbb4"],
])("of a run of %d epochs stays what it was", async (epochs, digest) => {
  const path = join(temporaryFolder(), "or.db");
  const store = await openSqliteStore(path);
  const experiment = await store.createExperiment(exampleExperiment);
  await store.addRuns(experiment, [exampleRun()]);
  const history = Array.from({ length: epochs }, (_, index) => exampleEpoch(index + 1));
  await store.completeRun(await leaseRun(store, experiment), { result: exampleResult, history });
  await store.close();
  const database = new DatabaseSync(path, { readOnly: true });
  expect(database.prepare("SELECT sha256 FROM run_digests").get()?.sha256).toBe(digest);
  database.close();
});
