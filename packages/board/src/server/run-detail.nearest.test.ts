import { join } from "node:path";
import { openSqliteReader } from "ml-mosaic/reading";
import { expect, test } from "vitest";
import { nearestRuns } from "./run-detail.ts";

test("runs of unknown repetition, as the original Mosaic's, are no repetitions of the same", async () => {
  const reader = await openSqliteReader(join(import.meta.dirname, "../../../mosaic/fixtures/original.db"));
  const nearest = await nearestRuns(reader);
  const ids = await reader.runIds();
  expect(ids.length).toBeGreaterThan(1);
  expect(ids.map((id) => nearest?.(id))).toEqual(ids.map(() => null));
  await reader.close();
});
