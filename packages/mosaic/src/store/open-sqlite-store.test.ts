import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, describe, expect, test } from "vitest";
import {
  allRuns,
  exampleExperiment,
  exampleResult,
  exampleRun,
  leaseRun,
} from "../../test/store-conformance-examples.ts";
import { loadMigrations } from "./migrations.ts";
import { openSqliteReader, openSqliteStore } from "./open-sqlite-store.ts";
import type { StoreErrorCode } from "./store-error.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, "or.db");
});

async function makeDatabase(runs = 1): Promise<void> {
  const store = await openSqliteStore(path);
  const experimentId = await store.createExperiment(exampleExperiment);
  await store.addRuns(
    experimentId,
    Array.from({ length: runs }, () => exampleRun()),
  );
  await store.close();
}

/** Runs SQL on the file behind the store's back. */
function alter(sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

function ask(sql: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true });
  const [row] = database.prepare(sql).all();
  database.close();
  return row === undefined ? undefined : Object.values(row)[0];
}

async function expectRefused(target: string, code: StoreErrorCode, create = true): Promise<void> {
  const before = existsSync(folder) ? readdirSync(folder) : [];
  await expect(openSqliteStore(target, { create })).rejects.toMatchObject({ name: "StoreError", code });
  expect(existsSync(folder) ? readdirSync(folder) : []).toEqual(before);
}

describe("a path that holds no usable database is refused, and nothing is written", () => {
  test("nothing there", async () => {
    await expectRefused(path, "STORE_MISSING", false);
    await expect(openSqliteReader(path)).rejects.toMatchObject({ code: "STORE_MISSING" });
  });

  test("a folder that is missing, or is a file", async () => {
    await expectRefused(join(folder, "missing", "or.db"), "STORE_FOLDER_MISSING");
    writeFileSync(join(folder, "file"), "");
    await expectRefused(join(folder, "file", "or.db"), "STORE_FOLDER_MISSING");
  });

  test("a name or a path that is too long, which SQLite calls a file that cannot be opened", async () => {
    await expectRefused(join(folder, `${"n".repeat(245)}.db`), "STORE_NAME_TOO_LONG");
    const deep = join(folder, "d".repeat(200), "d".repeat(200), "d".repeat(100));
    mkdirSync(deep, { recursive: true });
    await expectRefused(join(deep, "or.db"), "STORE_NAME_TOO_LONG");
    await expect(openSqliteReader(join(deep, "or.db"))).rejects.toThrow(
      /the path has \d+ bytes, and SQLite opens databases with up to 504; give it a shorter one/,
    );
    const longest = await openSqliteStore(join(folder, `${"n".repeat(244)}.db`));
    await longest.close();
  });

  test("a folder, a socket", async () => {
    await expectRefused(folder, "STORE_NOT_A_FILE");
    await expect(openSqliteReader(folder)).rejects.toMatchObject({ code: "STORE_NOT_A_FILE" });
    const server = createServer().listen(path);
    await once(server, "listening");
    await expectRefused(path, "STORE_NOT_A_FILE");
    server.close();
    await once(server, "close");
  });

  test.each([1, 5, 100, 5000])("a file of %i letters", async (length) => {
    const text = "x".repeat(length);
    writeFileSync(path, text);
    await expectRefused(path, "STORE_NOT_A_DATABASE");
    await expect(openSqliteReader(path)).rejects.toMatchObject({ code: "STORE_NOT_A_DATABASE" });
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("an empty file is a new database for a writer, and none for others", async () => {
    writeFileSync(path, "");
    await expect(openSqliteReader(path)).rejects.toMatchObject({ code: "STORE_MISSING" });
    await expectRefused(path, "STORE_MISSING", false);
    await makeDatabase();
    expect(ask("SELECT count(*) FROM runs")).toBe(1);
  });

  test("a truncated database", async () => {
    await makeDatabase(1000);
    truncateSync(path, 40_960);
    await expectRefused(path, "STORE_CORRUPT");
    await expect(openSqliteReader(path)).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    truncateSync(path, 50);
    await expectRefused(path, "STORE_CORRUPT");
  });

  test("a database with damaged pages says so when it comes upon them", async () => {
    await makeDatabase(1000);
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 40 * 4096);
    writeFileSync(path, bytes);
    const reader = await openSqliteReader(path);
    await expect(allRuns(reader)).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    await reader.close();
  });

  test("a database of another program, with or without versions of its own", async () => {
    alter("CREATE TABLE places (name); CREATE TABLE runs (id)");
    await expectRefused(path, "STORE_FOREIGN_DATABASE");
    alter("PRAGMA user_version = 7; PRAGMA application_id = 1");
    await expectRefused(path, "STORE_FOREIGN_DATABASE");
    await expect(openSqliteReader(path)).rejects.toThrow("places, runs");
  });

  test("a schema that is newer than this program", async () => {
    await makeDatabase();
    alter("PRAGMA user_version = 1000");
    await expectRefused(path, "STORE_NEWER_SCHEMA");
    await expect(openSqliteReader(path)).rejects.toThrow(/schema 1000.*update/);
  });

  // The superuser may do everything.
  test.skipIf(process.getuid?.() === 0)("no permission", async () => {
    await makeDatabase();
    chmodSync(path, 0o444);
    await expectRefused(path, "STORE_NO_PERMISSION");
    await (await openSqliteReader(path)).close();
    chmodSync(path, 0o000);
    await expect(openSqliteReader(path)).rejects.toMatchObject({ code: "STORE_NO_PERMISSION" });
    const locked = join(folder, "locked");
    mkdirSync(locked, { mode: 0o555 });
    await expectRefused(join(locked, "or.db"), "STORE_NO_PERMISSION");
  });
});

describe("the schema", () => {
  test("a database is one file once its writer has closed it, and readers leave nothing beside it", async () => {
    const store = await openSqliteStore(path);
    expect(ask("PRAGMA journal_mode")).toBe("wal");
    await store.close();
    expect(ask("PRAGMA journal_mode")).toBe("delete");
    await (await openSqliteReader(path)).close();
    expect(readdirSync(folder)).toEqual(["or.db"]);
  });

  test("a reader goes on while writers come and go", async () => {
    await makeDatabase();
    const reader = await openSqliteReader(path);
    expect(await allRuns(reader)).toHaveLength(1);
    await makeDatabase();
    expect(await allRuns(reader)).toHaveLength(2);
    await makeDatabase();
    expect(await allRuns(reader)).toHaveLength(3);
    await reader.close();
  });

  test("a new database has the seed's tables and columns and the newest version", async () => {
    await makeDatabase();
    const columns = (table: string) => ask(`SELECT group_concat(name, ' ') FROM pragma_table_info('${table}')`);
    expect(columns("system")).toBe("param_name param_value");
    expect(columns("params")).toBe("run_id param_name param_value");
    expect(columns("runs")).toBe("run_id status pipeline return_status");
    expect(columns("run_results")).toBe(
      "run_id train_loss test_loss train_acc test_acc nb_params duration(s) epochs overfit trainability slope",
    );
    expect(columns("history")).toBe("run_id epoch train_loss test_loss train_acc test_acc lr seconds metrics");
    expect(ask("PRAGMA user_version")).toBe((await loadMigrations()).length);
  });

  test("a database of an older schema is brought up to date, by a reader too", async () => {
    // Version 0 of ours: only marked.
    alter(`PRAGMA application_id = ${0x4d4f5341}`);
    const reader = await openSqliteReader(path);
    expect(await allRuns(reader)).toEqual([]);
    await reader.close();
    expect(ask("PRAGMA user_version")).toBe((await loadMigrations()).length);
  });

  test("NaN is stored as text, infinities as REAL, empty values as NULL, counts as INTEGER", async () => {
    await makeDatabase();
    const store = await openSqliteStore(path);
    await store.completeRun(await leaseRun(store, 1), { result: exampleResult });
    await store.close();
    expect(ask("SELECT typeof(overfit) || ' ' || overfit FROM run_results")).toBe("text NaN");
    expect(ask("SELECT typeof(trainability) || ' ' || (trainability = 1e999) FROM run_results")).toBe("real 1");
    expect(ask("SELECT typeof(slope) || ' ' || (slope = -1e999) FROM run_results")).toBe("real 1");
    expect(ask("SELECT typeof(test_acc) FROM run_results")).toBe("null");
    expect(ask("SELECT typeof(nb_params) || ' ' || nb_params FROM run_results")).toBe("integer 35");
    expect(ask("SELECT typeof(run_id) FROM params")).toBe("integer");
  });

  test.each([
    ["pending", "done"],
    ["pending", "paused"],
    ["done", "running"],
    ["error", "done"],
    ["paused", "running"],
  ])("nobody can move a run from %s to %s", async (from, to) => {
    await makeDatabase();
    alter(`DELETE FROM runs; INSERT INTO runs VALUES (1, '${from}', '', NULL)`);
    expect(() => alter(`UPDATE runs SET status = '${to}'`)).toThrow("cannot make this change");
  });

  test("a status that does not exist, a second row for a run or a second lease on it is impossible", async () => {
    await makeDatabase();
    expect(() => alter("INSERT INTO runs VALUES (2, 'sleeping', '', NULL)")).toThrow("CHECK");
    expect(() => alter("INSERT INTO runs VALUES (1, 'pending', '', NULL)")).toThrow("UNIQUE");
    const lease = "INSERT INTO leases (run_id, worker, leased_at, expires_at) VALUES (1, '', 0, 0);";
    expect(() => alter(lease + lease)).toThrow("UNIQUE");
  });
});

test("a writer whose claim was taken over writes nothing any more", async () => {
  await makeDatabase();
  const store = await openSqliteStore(path);
  const lease = await leaseRun(store, 1);
  // As another machine would do, which cannot see this process and had no heartbeat from it.
  const theirs = "1, '', 'another machine', 0, 8000000000000000";
  alter(`DELETE FROM writer_claim;
    INSERT INTO writer_claim (pid, process_started, scope, claimed_at, expires_at) VALUES (${theirs})`);
  await expect(store.completeRun(lease, { result: exampleResult })).rejects.toMatchObject({ code: "STORE_CLAIM_LOST" });
  await expect(store.heartbeat([])).rejects.toMatchObject({ code: "STORE_CLAIM_LOST" });
  await store.close();
  const reader = await openSqliteReader(path);
  expect(await reader.writer()).toMatchObject({ pid: 1, alive: true });
  await reader.close();
});

test("a claim from another machine holds as long as its heartbeat", async () => {
  await makeDatabase();
  const store = await openSqliteStore(path, { claimSeconds: 30 });
  alter("UPDATE writer_claim SET scope = 'another machine', expires_at = expires_at - 20000");
  await store.heartbeat([]);
  await expect(openSqliteStore(path)).rejects.toMatchObject({ code: "STORE_CLAIMED" });
  await store.close();
});
