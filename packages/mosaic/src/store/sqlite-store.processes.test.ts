import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { allRuns, exampleEpoch, exampleResult, leaseRun } from "../../test/store-conformance-examples.ts";
import { openSqliteReader, openSqliteStore } from "./open-sqlite-store.ts";

const program = fileURLToPath(new URL("../../test/store-test-process.ts", import.meta.url));

let folder: string;
let path: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, "or.db");
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

interface Child {
  readonly process: ChildProcess;
  readonly lines: string[];
  readonly ended: Promise<number | null>;
}

function start(mode: "read" | "write", count: number): Child {
  const args = ["--disable-warning=ExperimentalWarning", program, mode, path, String(count)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const lines: string[] = [];
  const output = createInterface({ input: child.stdout });
  output.on("line", (line) => lines.push(line));
  const ended = Promise.all([once(child, "exit"), once(output, "close")]).then(() => child.exitCode);
  return { process: child, lines, ended };
}

async function ready({ lines, process: child }: Child): Promise<void> {
  while (!lines.includes("ready") && child.exitCode === null) await delay(2);
}

test("kill -9 in the middle of writing loses nothing that was accepted", async () => {
  let accepted = 0;
  for (let round = 0; round < 5; round++) {
    const child = start("write", 2000);
    await ready(child);
    await delay(Math.random() * 60);
    child.process.kill("SIGKILL");
    await child.ended;
    const ids = child.lines.filter((line) => line !== "ready").map(Number);
    accepted += ids.length;

    const store = await openSqliteStore(path);
    expect(store.recoveredRuns).toBeLessThanOrEqual(1);
    for (const run of await allRuns(store, { runIds: ids, withHistory: true })) {
      const result = { ...exampleResult, nb_params: run.runId };
      expect(run).toMatchObject({ status: "done", result, history: [exampleEpoch(1)] });
    }
    const counts = await store.countByStatus();
    expect(counts.get("running")).toBeUndefined();
    expect((counts.get("done") ?? 0) + (counts.get("pending") ?? 0)).toBe(2000 * (round + 1));
    await store.close();
  }
  expect(accepted).toBeGreaterThan(0);
});

test("a live writer in another process is refused by its id, a dead one is taken over", async () => {
  const child = start("write", 100_000);
  await ready(child);
  const second = openSqliteStore(path);
  await expect(second).rejects.toMatchObject({ code: "STORE_CLAIMED" });
  await expect(second).rejects.toThrow(`process ${child.process.pid} `);
  // A stopped process is alive: it would write again when it goes on.
  child.process.kill("SIGSTOP");
  await expect(openSqliteStore(path)).rejects.toMatchObject({ code: "STORE_CLAIMED" });
  child.process.kill("SIGKILL");
  await child.ended;
  const reader = await openSqliteReader(path);
  expect(await reader.writer()).toMatchObject({ pid: child.process.pid, alive: false });
  await reader.close();
  const store = await openSqliteStore(path);
  expect(await store.writer()).toMatchObject({ pid: process.pid, alive: true });
  const [experiment] = await store.experiments();
  await store.completeRun(await leaseRun(store, experiment?.experimentId ?? 0), { result: exampleResult });
  await store.close();
});

test("64 connections of other processes see whole runs while the writer commits", async () => {
  const runs = 1000;
  const writer = start("write", runs);
  await ready(writer);
  // 16 connections each
  const readers = Array.from({ length: 4 }, () => start("read", runs));
  expect(await writer.ended).toBe(0);
  for (const reader of readers) {
    expect(await reader.ended).toBe(0);
    expect(Number(reader.lines[0])).toBeGreaterThan(0);
  }
});
