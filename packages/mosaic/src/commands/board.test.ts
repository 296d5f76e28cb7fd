import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { dataEntry, netEntry, writeDatabase } from "../../test/compare-test-database.ts";
import { runForTest } from "../../test/run-for-test.ts";
import { boardCommand } from "./board.ts";

const program = join(import.meta.dirname, "..", "..", "bin", "mosaic.ts");
const [folder, runtime] = [temporaryFolder(), join(temporaryFolder(), "runtime")];
const database = join(folder, "or.db");
let board: ChildProcess;
let address: string;

beforeAll(async () => {
  mkdirSync(runtime, { mode: 0o700 });
  vi.stubEnv("XDG_RUNTIME_DIR", runtime);
  await writeDatabase(database, [
    { pipeline: [dataEntry("k"), netEntry(4)], repetition: 0, results: { test_loss: 1 } },
  ]);
  board = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program, "board", database], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (board.stdout === null) throw new Error("no output");
  [address] = await once(createInterface({ input: board.stdout }), "line");
});
afterAll(() => {
  board.kill("SIGKILL");
  vi.unstubAllEnvs();
});

test("one board a database: a second command says where the first one is, and --stop ends it", {
  timeout: 120_000,
}, async () => {
  expect(address).toMatch(/^http:\/\/localhost:\d+\/\?token=[\w-]{32}$/);
  const exchanged = await fetch(address, { redirect: "manual" });
  const cookie = exchanged.headers.get("set-cookie")?.split(";")[0] ?? "";
  const { origin } = new URL(address);
  const [, key = ""] = /#key=(.+)$/.exec(exchanged.headers.get("location") ?? "") ?? [];
  expect((await fetch(`${origin}/api/experiment`)).status).toBe(401);
  expect((await fetch(`${origin}/api/experiment`, { headers: { cookie } })).status).toBe(401);
  const info: { readonly mayControl: boolean } = JSON.parse(
    await (await fetch(`${origin}/api/experiment`, { headers: { cookie, "mosaic-board-key": key } })).text(),
  );
  expect(info.mayControl).toBe(false);
  expect(await runForTest(boardCommand, [database])).toMatchObject({ code: 0, out: `${address}\n` });
  const other = join(folder, "other.db");
  await writeDatabase(other, []);
  const { port } = new URL(address);
  expect(await runForTest(boardCommand, [other, "--port", port])).toMatchObject({
    code: 2,
    err: expect.stringContaining(`port ${port} is in use: without --port the next one that is free is taken`),
  });
  expect(await runForTest(boardCommand, [database, "--stop"])).toMatchObject({ code: 0, out: `ended: ${database}\n` });
  expect(await once(board, "exit")).toEqual([0, null]);
  expect(await runForTest(boardCommand, [database, "--stop"])).toMatchObject({
    code: 2,
    err: `no board of ${database} is open\n`,
  });
});

test("a database that is not there, and two for one file, are refused", async () => {
  expect((await runForTest(boardCommand, [join(folder, "none.db")])).err).toContain("does not exist");
  expect((await runForTest(boardCommand, [database, database, "--export", "x.html"])).err).toContain(
    "takes one database",
  );
});

test("the database is not replaced by a page of it, by whatever name it is called", async () => {
  const [named, link] = [join(folder, "named.html"), join(folder, "link.html")];
  await writeDatabase(named, []);
  symlinkSync(database, link);
  for (const [of, file, said] of [
    [database, database, "does not end in .html"],
    [database, link, "is the database itself"],
    [named, named, "is the database itself"],
  ] as const) {
    const before = readFileSync(of);
    expect(await runForTest(boardCommand, [of, "--export", file])).toMatchObject({
      code: 2,
      err: expect.stringContaining(said),
    });
    expect(readFileSync(of).equals(before)).toBe(true);
  }
});
