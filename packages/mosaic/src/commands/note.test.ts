import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { runForTest } from "../../test/run-for-test.ts";
import { exportCommand } from "./export.ts";
import { noteCommand } from "./note.ts";
import { removeCommand } from "./remove.ts";
import { showCommand } from "./show.ts";

let folder: string;
let database: string;

beforeEach(async () => {
  folder = temporaryFolder();
  database = join(folder, "or.db");
  await copyFile(join(import.meta.dirname, "../../fixtures/schema-7.db"), database);
});

const note = (...args: readonly string[]) => runForTest(noteCommand, [database, ...args]);
const noteOf = async (id: number) =>
  JSON.parse((await runForTest(showCommand, [database, String(id), "--json"])).out).note;

test("is written, replaced and taken away", async () => {
  expect(await note("2", "looks good")).toEqual({ code: 0, out: "run 2: noted\n", err: "" });
  expect((await note("2", " diverged: 学习率\nsecond line ")).out).toBe("run 2: its note is another\n");
  expect(await noteOf(2)).toBe("diverged: 学习率\nsecond line");
  expect((await runForTest(showCommand, [database, "2"])).out).toContain(
    "\nNote: diverged: 学习率\n      second line\n",
  );
  await runForTest(exportCommand, [database, join(folder, "or.csv")]);
  expect(await readFile(join(folder, "or.csv"), "utf8")).toContain('"diverged: 学习率\nsecond line"');
  expect((await note("2", "--delete")).out).toBe("run 2: its note is gone\n");
  expect((await note("2", "--delete")).out).toBe("run 2: it had no note\n");
  expect(await noteOf(2)).toBeNull();
});

const help = "\n(mosaic_note --help shows how it is used)\n";
const textFault = (got: string) => `mosaic_note: text: expected a text of up to 10000 characters, got ${got}${help}`;

describe("is refused, and nothing changes:", () => {
  test.each([
    [["1"], `mosaic_note: say what the note is to be, or --delete to take it away${help}`],
    [["1", "text", "--delete"], `mosaic_note: --delete: goes without a text${help}`],
    [["1", ""], `mosaic_note: say what the note is to be, or --delete to take it away${help}`],
    [["1", "  \n"], textFault(String.raw`"  \n"`)],
    [["1", "x".repeat(10_001)], expect.stringContaining("expected a text of up to 10000 characters")],
    [["x", "text"], expect.stringContaining("expected an integer")],
    [["-1", "text"], expect.stringContaining("-1")],
    [["1.5", "text"], expect.stringContaining("1.5")],
    [["9", "text"], "there is no run 9; the database has runs 1 to 3\n"],
    [["1", "two", "words"], expect.stringContaining('"words"')],
    [["1", "text", "--tag", "a"], expect.stringContaining("--tag")],
    [[], expect.stringMatching(/run_id/i)],
  ])("%j", async (args, err) => {
    expect(await note(...args)).toEqual({ code: 2, out: "", err });
    expect(await noteOf(1)).toBeNull();
  });

  test("for a run that was removed", async () => {
    await runForTest(removeCommand, [database, "-id", "2", "--yes"]);
    expect((await note("2", "text")).err).toMatch(
      /^run 2 \(DatasetOr\(4,20,0\.8\) \| MlpBrick\(2,3\), done\) was removed on \d{4}-\d\d-\d\d\n$/,
    );
  });
});
