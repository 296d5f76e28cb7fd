import { readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { openJournal } from "./journal.ts";

interface Row {
  readonly name: string;
}

const rows = (...names: readonly string[]): readonly Row[] => names.map((name) => ({ name }));

/** Adds rows as a run that is killed then, and gives those that it had found. */
async function write(folder: string, config: string, added: readonly Row[]): Promise<readonly Row[]> {
  const journal = await openJournal<Row>(folder, "filaments", config);
  await journal.append(added);
  await journal.close(false);
  return journal.done;
}

test("what was written whole is found again, whatever a kill has cut off, as often as there are kills", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "unfinished_filaments.jsonl");
  expect(await write(folder, "a\nb", rows("é", "two", "three"))).toEqual([]);
  truncateSync(path, readFileSync(path).length - 4);
  expect(await write(folder, "a\nb", rows("four"))).toEqual(rows("é", "two"));
  expect(await write(folder, "a\nb", [])).toEqual(rows("é", "two", "four"));
  // In the middle of a letter, and of the first line.
  truncateSync(path, readFileSync(path).indexOf("é") + 1);
  expect(await write(folder, "a\nb", rows("five"))).toEqual([]);
  expect(await write(folder, "a\nb", rows("more"))).toEqual(rows("five"));
  // The end of the line alone.
  truncateSync(path, readFileSync(path).length - 1);
  expect(await write(folder, "a\nb", rows("last"))).toEqual(rows("five"));
  expect(await write(folder, "a\nb", [])).toEqual(rows("five", "last"));
  truncateSync(path, 3);
  expect(await write(folder, "a\nb", rows("six"))).toEqual([]);
  expect(await write(folder, "a\nb", [])).toEqual(rows("six"));
});

test("what another configuration has written is nothing", async () => {
  const folder = temporaryFolder();
  await write(folder, "a", rows("one", "two"));
  expect(await write(folder, "b", rows("three"))).toEqual([]);
  expect(await write(folder, "b", [])).toEqual(rows("three"));
  expect(await write(folder, "a", [])).toEqual([]);
});
