import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { runForTest } from "../../test/run-for-test.ts";
import { openSqliteStore } from "../store/index.ts";
import { compareCommand } from "./compare.ts";
import { exportCommand } from "./export.ts";
import { plotlossCommand } from "./plotloss.ts";
import { showCommand } from "./show.ts";
import { statusCommand } from "./status.ts";
import { tagCommand } from "./tag.ts";

let folder: string;
let database: string;

/** Two done runs, 1 and 2, and a failed one, 3. */
beforeEach(async () => {
  folder = temporaryFolder();
  database = join(folder, "or.db");
  await copyFile(join(import.meta.dirname, "../../fixtures/schema-7.db"), database);
});

const tag = (...args: readonly string[]) => runForTest(tagCommand, [database, ...args]);
const show = async (id: number) => (await runForTest(showCommand, [database, String(id), "--json"])).out;

test("gives tags and takes them away, and says for how many runs", async () => {
  expect(await tag("base line", "-id", "1,3")).toEqual({ code: 0, out: "2 runs tagged base line\n", err: "" });
  expect((await tag("base line", "-id", "all")).out).toBe("1 run tagged base line; 2 had it before\n");
  expect((await tag("best", "-request", "SELECT run_id FROM run_results ORDER BY test_loss LIMIT 1")).out).toBe(
    "1 run tagged best\n",
  );
  expect(JSON.parse(await show(1))).toMatchObject({ tags: ["base line", "best"], note: null });
  expect((await tag("base line", "-tag", "best", "--delete")).out).toBe("1 run no longer tagged base line\n");
  expect((await tag("base line", "-id", "1-2", "--delete")).out).toBe(
    "1 run no longer tagged base line; 1 had it not\n",
  );
  expect(JSON.parse(await show(1))).toMatchObject({ tags: ["best"] });
  expect(JSON.parse(await show(2))).toMatchObject({ tags: [] });
});

test("tags are shown, listed and exported, and select runs", async () => {
  await tag("good", "-id", "1-2");
  await tag("bad", "-id", "2-3");
  expect((await runForTest(showCommand, [database, "2"])).out).toMatch(
    /^Run 2: done\n.*\nTags: bad, good\n\nPipeline\n/,
  );
  const status = (await runForTest(statusCommand, [database])).out;
  expect(status).toMatch(/ {4}2 .*MlpBrick\(2,3\) {3}\[bad, good\]\n/);
  expect(status).toMatch(/ {4}3 .*MlpBrick\(-1,2\) {3}\[bad\]$/m);
  const json = JSON.parse((await runForTest(statusCommand, [database, "--json"])).out);
  expect([...json.done, ...json.error].map(({ tags }: { tags: unknown }) => tags)).toEqual([
    ["good"],
    ["bad", "good"],
    ["bad"],
  ]);
  await runForTest(exportCommand, [database, join(folder, "or.json")]);
  const { default: rows } = await import(join(folder, "or.json"), { with: { type: "json" } });
  expect(rows.map(({ tags, note }: { tags: unknown; note: unknown }) => [tags, note])).toEqual([
    ["good", null],
    ["bad, good", null],
    ["bad", null],
  ]);
  const drawn = await runForTest(plotlossCommand, [database, join(folder, "losses.csv"), "--tag", "good"]);
  expect(drawn).toMatchObject({ code: 0 });
});

test("compare on selected runs says so, and how many are left out", async () => {
  await tag("good", "-id", "1-2");
  const { out } = await runForTest(compareCommand, [database, "-tag", "good"]);
  expect(out).toContain(
    "On selected runs: 1 run of the database is left out. The verdicts are worth what they say only if the runs were not selected by their results.\n",
  );
  expect(out).toContain(
    "These verdicts hold at every look: some runs were left out, when their results may have been known.\n",
  );
  expect(out).not.toContain("MlpBrick(-1,2)");
  const json = JSON.parse((await runForTest(compareCommand, [database, "-id", "1", "--json"])).out);
  expect(json).toMatchObject({ leftOut: 2 });
  const all = JSON.parse((await runForTest(compareCommand, [database, "--json"])).out);
  expect(all).toMatchObject({ leftOut: null });
});

const help = "\n(mosaic_tag --help shows how it is used)\n";
const tagFault = (got: string) =>
  `mosaic_tag: name: expected a tag of up to 100 characters, without commas, got ${got}${help}`;

describe("is refused, and nothing changes:", () => {
  test.each([
    [[" ", "-id", "1"], tagFault('" "')],
    [["a,b", "-id", "1"], tagFault('"a,b"')],
    [["a\nb", "-id", "1"], tagFault(String.raw`"a\nb"`)],
    [["x".repeat(101), "-id", "1"], tagFault(`"${"x".repeat(79)}…`)],
    [["-id", "1"], expect.stringMatching(/name/i)],
    [
      ["a"],
      expect.stringMatching(/^mosaic_tag: say which runs are meant, with one of --id, --request, --where, --tag, /),
    ],
    [["a", "-id", "1", "-tag", "b"], expect.stringMatching(/^mosaic_tag: say in one way only which runs are meant/)],
    [["a", "-id", "7"], "there is no run 7; the database has runs 1 to 3\n"],
    [["a", "-tag", "b"], "no run is tagged b: no run has a tag yet; mosaic tag gives one\n"],
    [["a", "b", "-id", "1"], expect.stringContaining('"b"')],
    [["a", "-id", "1", "--remove"], expect.stringContaining("--remove")],
    [["a", "-tag", "b,c", "--delete"], expect.stringContaining("--tag: expected a tag")],
  ])("%j", async (args, err) => {
    expect(await tag(...args)).toEqual({ code: 2, out: "", err });
    expect(JSON.parse(await show(1))).toMatchObject({ tags: [] });
  });

  test("an unknown tag is told with the nearest", async () => {
    await tag("baseline", "-id", "1");
    await tag("zebra", "-id", "2");
    expect((await tag("x", "-tag", "baselin")).err).toBe(
      "no run is tagged baselin. Tags, the nearest first: baseline, zebra\n",
    );
  });

  test("while an experiment runs on the database", async () => {
    const store = await openSqliteStore(database);
    const { code, err } = await tag("a", "-id", "1");
    await store.close();
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringContaining(`process ${process.pid} has been writing to this database since`),
    });
  });
});
