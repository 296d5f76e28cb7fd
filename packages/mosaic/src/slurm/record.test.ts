/** What another supervisor finds of what the last one knew. */
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { openSqliteStore } from "../store/index.ts";
import { LargeRuns } from "./memory.ts";
import { recordedLarge, recordedMissing, recordJobs, recordLarge } from "./record.ts";

test("which runs need twice the memory, and which processors runs wait for, outlives the supervisor", async () => {
  const store = await openSqliteStore(join(temporaryFolder(), "a.db"), { create: true });
  expect(await recordedLarge(store)).toEqual([]);
  expect(await recordedMissing(store)).toEqual([]);
  let recorded: Promise<void> = Promise.resolve();
  const runs = new LargeRuns(true, (runIds) => {
    recorded = recordLarge(store, runIds);
    return recorded;
  });
  runs.outOfMemory(3, 1);
  runs.outOfMemory(5, 1);
  // It had twice the memory already.
  runs.outOfMemory(6, 2);
  await recorded;
  await recordJobs(store, [], [{ processor: "Old 1", runs: 2 }]);
  const later = new LargeRuns(true, async () => undefined);
  later.add(await recordedLarge(store));
  expect([3, 5, 6].map((runId) => later.has(runId))).toEqual([true, true, false]);
  expect(later.leftOut(1)).toEqual(new Set([3, 5]));
  expect(await recordedMissing(store)).toEqual([{ processor: "Old 1", runs: 2 }]);
  await store.close();
});
