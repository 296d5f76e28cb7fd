import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { dataEntry, netEntry, writeDatabase } from "../../test/compare-test-database.ts";
import { openSqliteReader } from "./index.ts";

test("changes are found where the times of all runs add up to more than a number holds", async () => {
  const path = join(temporaryFolder(), "late.db");
  // As many years as 5,000 runs of today have together.
  const time = { orderedAt: 2 ** 52 + 1, endedAt: 2 ** 52 + 3 };
  await writeDatabase(
    path,
    [0, 1, 2].map((repetition) => ({ pipeline: [dataEntry("k"), netEntry(4)], repetition, ...time })),
  );
  const reader = await openSqliteReader(path);
  const { cursor } = await reader.changes(undefined);
  expect(await reader.changes(cursor)).toMatchObject({ changed: [], removed: [] });
  await reader.close();
});
