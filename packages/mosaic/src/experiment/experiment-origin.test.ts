import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { openSqliteStore } from "../store/index.ts";
import { folderRecord, readExperimentOrigins } from "./experiment-origin.ts";

async function folderOf(database: string, folder: string, recordedAt = database): Promise<string | undefined> {
  const store = await openSqliteStore(database);
  try {
    const configuration = JSON.stringify({ file: "c.ini", ...folderRecord({ folder, start: folder }, recordedAt) });
    await store.createExperiment({ configuration, engineVersion: "", machineJson: "{}" });
    return (await readExperimentOrigins(store)).at(-1)?.folder;
  } finally {
    await store.close();
  }
}

test("a project is found where it was moved to, also if its configuration was renamed", async () => {
  const moved = temporaryFolder();
  const database = join(moved, "a.db");
  const before = "/gone/project";
  expect(await folderOf(database, before, join(before, "a.db"))).toBe(moved);
  // While the old folder is there, it is the project's.
  const old = temporaryFolder();
  expect(await folderOf(database, old, join(old, "a.db"))).toBe(old);
  await mkdir(join(moved, "project"));
  await writeFile(join(moved, "project/c.ini"), "");
  expect(await folderOf(database, join(old, "project"), join(old, "a.db"))).toBe(join(dirname(database), "project"));
});
