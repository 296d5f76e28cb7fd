/** One database has one owner, under whatever name, and whatever happens to its file. */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  allRuns,
  exampleExperiment,
  exampleResult,
  exampleRun,
  leaseRun,
} from "../../test/store-conformance-examples.ts";
import { copyDatabase } from "./copy-database.ts";
import { databaseFile } from "./database-path.ts";
import { openSqliteReader, openSqliteStore } from "./open-sqlite-store.ts";
import type { Store } from "./store.ts";

let folder: string;
let path: string;
let other: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mosaic-owner-"));
  path = join(folder, "a.db");
  other = join(folder, "b.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

async function openWithRuns(count: number): Promise<Store> {
  const store = await openSqliteStore(path);
  const experiment = await store.createExperiment(exampleExperiment);
  await store.addRuns(
    experiment,
    Array.from({ length: count }, () => exampleRun()),
  );
  return store;
}

/** Whether another process could lock the file now. */
function isFree(file: string): boolean {
  return spawnSync("flock", ["-n", "-x", file, "true"]).status === 0;
}

describe("names of one database", () => {
  test("links and .. lead to the same one, which has one owner", async () => {
    symlinkSync(path, other);
    mkdirSync(join(folder, "sub"));
    symlinkSync(folder, join(folder, "sub", "up"));
    // It does not exist yet.
    const names = [other, join(folder, "sub", "..", "a.db"), join(folder, "sub", "up", "b.db"), relative(".", other)];
    for (const name of names) expect(databaseFile(name)).toBe(path);
    const store = await openSqliteStore(other);
    expect(store.location).toBe(path);
    for (const name of names) {
      expect(databaseFile(name)).toBe(path);
      await expect(openSqliteStore(name)).rejects.toMatchObject({ code: "STORE_CLAIMED" });
    }
    await store.close();
    expect(readdirSync(folder).sort()).toEqual(["a.db", "b.db", "sub"]);
  });

  test("hard links are refused for writing, and read with a note", async () => {
    await (await openWithRuns(1)).close();
    linkSync(path, other);
    for (const name of [path, other]) {
      await expect(openSqliteStore(name)).rejects.toMatchObject({ code: "STORE_SEVERAL_NAMES" });
      await expect(openSqliteStore(name)).rejects.toThrow(`${name} is one of 2 names (hard links)`);
      const reader = await openSqliteReader(name);
      expect(reader.notices).toEqual([expect.stringContaining("what is being written under the other is not seen")]);
      expect(await allRuns(reader)).toHaveLength(1);
      await reader.close();
    }
  });

  // Mounting takes the right to make a namespace, which not every container has.
  const canMount = spawnSync("unshare", ["-rm", "true"]).status === 0;
  test.skipIf(!canMount)("a file that is mounted by itself is refused for writing", async () => {
    await (await openWithRuns(1)).close();
    writeFileSync(other, "");
    const module = JSON.stringify(join(import.meta.dirname, "open-sqlite-store.ts"));
    const program = `
      const { openSqliteReader, openSqliteStore } = await import(${module});
      const refused = await openSqliteStore("${other}").catch((error) => error.code);
      console.log(refused, (await openSqliteReader("${other}")).notices.length, (await openSqliteStore("${path}")).location);`;
    const script =
      'mount --bind "$1" "$2" && exec "$3" --disable-warning=ExperimentalWarning --input-type=module -e "$4"';
    const args = ["-rm", "sh", "-c", script, "sh", path, other, process.execPath, program];
    const { stdout, stderr } = spawnSync("unshare", args, { encoding: "utf8" });
    expect(stdout, stderr).toBe(`STORE_SEVERAL_NAMES 1 ${path}\n`);
  });
});

describe("the owner", () => {
  test("has the file itself locked until its store is closed", async () => {
    const store = await openWithRuns(1);
    linkSync(path, other);
    expect([isFree(path), isFree(other)]).toEqual([false, false]);
    // Reading does not end it, in the same process either.
    await (await openSqliteReader(path)).close();
    await copyDatabase(path, join(folder, "copy.db"));
    expect(isFree(other)).toBe(false);
    await store.close();
    expect(isFree(other)).toBe(true);
  });

  test("has claimed the file itself, without what lies beside it", async () => {
    const store = await openWithRuns(1);
    copyFileSync(path, other);
    const reader = await openSqliteReader(other);
    expect(await reader.writer()).toMatchObject({ pid: process.pid, alive: true });
    await reader.close();
    await store.close();
  });

  test("releases the lock when opening fails", async () => {
    writeFileSync(path, "no database ".repeat(100));
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: "STORE_NOT_A_DATABASE" });
    expect(isFree(path)).toBe(true);
  });
});

describe("another program that keeps the database locked", () => {
  test("is waited for, with all changes in their order, while the process goes on", async () => {
    const store = await openWithRuns(2);
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const lease = leaseRun(store, 1);
    const changes = [lease, store.setSystem("a", "1"), store.setSystem("a", "2"), store.heartbeat([])];
    let isThrough = false;
    void Promise.all(changes).then(() => {
      isThrough = true;
    });
    await delay(400);
    expect(isThrough).toBe(false);
    expect(await store.countByStatus()).toEqual(new Map([["pending", 2]]));
    other.exec("ROLLBACK");
    other.close();
    await store.completeRun(await lease, { result: exampleResult });
    await Promise.all(changes);
    expect((await store.system()).get("a")).toBe("2");
    await store.close();
  });

  test("is named after all patience", async () => {
    const store = await openSqliteStore(path, { patienceSeconds: 0.2 });
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    await expect(store.setSystem("a", "1")).rejects.toMatchObject({ code: "STORE_BUSY" });
    other.close();
    await store.setSystem("a", "2");
    await store.close();
  });
});

describe("a file that goes away under its owner", () => {
  test.each(["removed", "replaced"])("%s: nothing more is accepted, and what was is saved beside it", async (how) => {
    const store = await openWithRuns(2);
    const lease = await leaseRun(store, 1);
    await store.completeRun(lease, { result: exampleResult });
    const second = await leaseRun(store, 1);
    for (const ending of ["", "-wal", "-shm"]) rmSync(path + ending);
    if (how === "replaced") {
      const replacement = await openSqliteStore(path);
      await replacement.close();
    }
    await expect(store.heartbeat([{ ...second, progressAt: new Date() }])).rejects.toMatchObject({
      code: "STORE_REPLACED",
    });
    await expect(store.completeRun(second, { result: exampleResult })).rejects.toThrow("was removed or replaced");
    await expect(store.close()).rejects.toThrow(
      /all that it held is in .*a-saved-\d{8}T\d{6}Z-\d+\.db: give that file its name to go on$/,
    );
    const saved = readdirSync(folder).find((name) => name.startsWith("a-saved-")) ?? "";
    const again = await openSqliteStore(join(folder, saved));
    expect((await allRuns(again)).map(({ status }) => status)).toEqual(["done", "pending"]);
    await again.close();
    expect(readdirSync(folder).filter((name) => name !== saved)).toEqual(how === "replaced" ? ["a.db"] : []);
  });

  test("renamed, and named back: it is its owner's again", async () => {
    const store = await openWithRuns(1);
    renameSync(path, other);
    await expect(store.heartbeat([])).rejects.toMatchObject({ code: "STORE_REPLACED" });
    renameSync(other, path);
    await store.heartbeat([]);
    await store.close();
  });
});

describe("what a process left that died while the file was changed", () => {
  const fixture = join(import.meta.dirname, "../../fixtures/hot-journal/x.db");
  beforeEach(() => {
    for (const ending of ["", "-journal"]) copyFileSync(fixture + ending, path + ending);
  });

  test("is taken back by whoever reads", async () => {
    const reader = await openSqliteReader(path);
    expect(await reader.countByStatus()).toEqual(new Map([["error", 4]]));
    await reader.close();
    expect(readdirSync(folder)).toEqual(["a.db"]);
  });

  test("is taken back by who copies, and by who writes", async () => {
    await copyDatabase(path, other);
    expect(readdirSync(folder).sort()).toEqual(["a.db", "b.db"]);
    for (const ending of ["", "-journal"]) copyFileSync(fixture + ending, path + ending);
    const store = await openSqliteStore(path);
    expect((await allRuns(store)).length).toBeGreaterThan(0);
    await store.close();
    expect(readdirSync(folder).sort()).toEqual(["a.db", "b.db"]);
  });

  test("is said where it cannot be taken back", async () => {
    linkSync(path, other);
    await expect(openSqliteReader(path)).rejects.toThrow("a process died while it changed the file");
    expect(readdirSync(folder)).toContain("a.db-journal");
  });
});
