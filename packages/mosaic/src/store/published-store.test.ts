/** A database on a shared file system; the folder that MOSAIC_SHARED_FOLDERS names stands for one. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterAll, beforeEach, expect, test } from "vitest";
import { exampleExperiment, exampleResult, exampleRun, leaseRun } from "../../test/store-conformance-examples.ts";
import { readClaim, writeClaim } from "../claim/claim.ts";
import { openSqliteReader, openSqliteStore } from "./open-sqlite-store.ts";
import { claimFolderOf } from "./published-store.ts";

const shared = temporaryFolder();
const [here, there] = [temporaryFolder(), temporaryFolder()];
process.env.MOSAIC_SHARED_FOLDERS = shared;
afterAll(() => {
  delete process.env.MOSAIC_SHARED_FOLDERS;
  delete process.env.MOSAIC_WORKING_FOLDER;
});

let location: string;
let count = 0;
beforeEach(() => {
  location = join(shared, `results ${++count}.db`);
  process.env.MOSAIC_WORKING_FOLDER = here;
});

async function openWithRuns(runs: number) {
  const store = await openSqliteStore(location);
  const experimentId = await store.createExperiment(exampleExperiment);
  await store.addRuns(
    experimentId,
    Array.from({ length: runs }, (_, index) => exampleRun({ identity: `identity ${index}` })),
  );
  return { store, experimentId };
}

/** As a kill -9 of its owner leaves the claim. */
async function die() {
  const claim = await readClaim(claimFolderOf(location));
  if (claim === undefined) throw new Error("there is no claim");
  await writeClaim(claimFolderOf(location), { ...claim, process: { ...claim.process, started: "at another time" } });
}

const statuses = async () => {
  const reader = await openSqliteReader(location);
  const found = await reader.countByStatus();
  await reader.close();
  return Object.fromEntries(found);
};

test("is published whole before its first run, on demand and at the end, and has one owner", async () => {
  const { store, experimentId } = await openWithRuns(2);
  const lease = await leaseRun(store, experimentId);
  expect(await statuses()).toEqual({ pending: 2 });
  await expect(openSqliteStore(location)).rejects.toThrow(`is being written by process ${process.pid}`);
  await store.completeRun(lease, { result: exampleResult });
  const reader = await openSqliteReader(location);
  expect(reader.notices.join()).toContain(`process ${process.pid}`);
  const { cursor } = await reader.changes();
  await store.published(true);
  // Who has it open reads the newest copy.
  expect((await reader.changes(cursor)).changed).toEqual([lease.runId]);
  expect(await reader.writer()).toMatchObject({ pid: process.pid, alive: true });
  await store.close();
  expect(await reader.writer()).toBeUndefined();
  expect(Object.fromEntries(await reader.countByStatus())).toEqual({ pending: 1, done: 1 });
  await reader.close();
  expect(readdirSync(shared).filter((name) => name.startsWith("results 1.db"))).toEqual(["results 1.db"]);
  expect(readdirSync(here)).toEqual([]);
});

test("leases what is wished, as any store does", async () => {
  const { store, experimentId } = await openWithRuns(3);
  const next = (leftOut: readonly number[]) =>
    store.leaseNextRun(experimentId, "worker", { leftOut: new Set(leftOut), processor: "A" });
  expect((await next([1]))?.runId).toBe(2);
  expect(await next([1, 3])).toBeUndefined();
  await store.close();
});

test("goes on from the copy where its owner died elsewhere, who may write no more and gives no token twice", async () => {
  const { store, experimentId } = await openWithRuns(2);
  const first = await leaseRun(store, experimentId);
  await store.published(true);
  await store.completeRun(first, { result: exampleResult });
  const second = await leaseRun(store, experimentId);
  await die();
  process.env.MOSAIC_WORKING_FOLDER = there;
  const next = await openSqliteStore(location);
  expect(next.recoveredRuns).toBe(1);
  expect(await next.countByStatus()).toEqual(new Map([["pending", 2]]));
  const lease = await leaseRun(next, experimentId);
  expect(lease.token).toBeGreaterThan(second.token);
  await expect(next.completeRun(second, { result: exampleResult })).rejects.toThrow("was given back");
  await next.completeRun(lease, { result: exampleResult });
  await next.published(true);
  // It looks every few seconds.
  await expect.poll(() => store.setSystem("a", "b").catch(String)).toContain("taken over");
  await expect(store.published(true)).rejects.toMatchObject({ code: "STORE_CLAIM_LOST" });
  await expect(store.close()).rejects.toMatchObject({ code: "STORE_CLAIM_LOST" });
  expect(await statuses()).toEqual({ done: 1, pending: 1 });
  await next.close();
  expect(await statuses()).toEqual({ done: 1, pending: 1 });
});

test("goes on from the working file where no copy could be made of it, with what the copies lack", async () => {
  const { store, experimentId } = await openWithRuns(1);
  await store.completeRun(await leaseRun(store, experimentId), { result: exampleResult });
  // In its place nothing can be put.
  rmSync(location);
  mkdirSync(join(location, "in the way"), { recursive: true });
  await expect(store.close()).rejects.toThrow("all that was stored is in");
  rmSync(location, { recursive: true });
  const next = await openSqliteStore(location);
  expect(await next.countByStatus()).toEqual(new Map([["done", 1]]));
  await next.close();
  expect(await statuses()).toEqual({ done: 1 });
});

test("says which disk is full: that of the working file is no shared one", async () => {
  const { store, experimentId } = await openWithRuns(1);
  const database: DatabaseSync = Reflect.get(store, "database");
  database.exec("PRAGMA max_page_count = 1");
  const many = Array.from({ length: 1000 }, (_, index) => exampleRun({ identity: `another ${index}` }));
  const full = new RegExp(`^${here}/[0-9a-f]+-results \\d+\\.db: the disk is full; make room`);
  await expect(store.addRuns(experimentId, many)).rejects.toThrow(full);
  database.exec("PRAGMA max_page_count = 1000000");
  await store.close();
});

test("its copies are plain files, which SQLite reads where nothing can be written beside them", async () => {
  const { store } = await openWithRuns(1);
  const database = new DatabaseSync(location, { readOnly: true });
  expect(database.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "delete" });
  database.close();
  await store.close();
  expect(existsSync(`${location}-wal`)).toBe(false);
});

test("a walk goes on in the copy where it began, and a copy that cannot be read is no other", async () => {
  const { store } = await openWithRuns(201);
  await store.published(true);
  const reader = await openSqliteReader(location);
  const walk = reader.runs()[Symbol.asyncIterator]();
  await walk.next();
  for (let copy = 0; copy < 2; copy++) {
    await store.published(true);
    expect(Object.fromEntries(await reader.countByStatus())).toEqual({ pending: 201 });
  }
  writeFileSync(`${location}.damaged`, "no database");
  renameSync(`${location}.damaged`, location);
  for (let call = 0; call < 2; call++)
    await expect(reader.countByStatus()).rejects.toMatchObject({ code: "STORE_NOT_A_DATABASE" });
  expect(await Array.fromAsync({ [Symbol.asyncIterator]: () => walk })).toHaveLength(200);
  await store.published(true);
  expect(Object.fromEntries(await reader.countByStatus())).toEqual({ pending: 201 });
  await reader.close();
  await expect(reader.countByStatus()).rejects.toMatchObject({ code: "STORE_CLOSED" });
  await store.close();
});

test("who reads an older one is told to bring it up to date, and changes nothing", async () => {
  copyFileSync(fileURLToPath(new URL("../../fixtures/schema-9.db", import.meta.url)), location);
  const bytes = readFileSync(location);
  await expect(openSqliteReader(location)).rejects.toThrow("run one command that writes to it");
  expect(readFileSync(location)).toEqual(bytes);
  await (await openSqliteStore(location)).close();
  await (await openSqliteReader(location)).close();
});

test("is refused where the working file would lie on a shared file system too", async () => {
  process.env.MOSAIC_WORKING_FOLDER = join(shared, "working");
  await expect(openSqliteStore(location)).rejects.toThrow("set MOSAIC_WORKING_FOLDER to a folder of a local disk");
});
