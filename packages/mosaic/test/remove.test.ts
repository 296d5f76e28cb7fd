/** `mosaic remove` on databases as `mosaic run` makes them. */
import { spawnSync } from "node:child_process";
import { chmod, copyFile, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { countText } from "@ml-mosaic/base";
import type { Command } from "@ml-mosaic/command-line";
import { until } from "@ml-mosaic/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { compareCommand } from "../src/commands/compare.ts";
import { exportCommand } from "../src/commands/export.ts";
import { removeCommand } from "../src/commands/remove.ts";
import { showCommand } from "../src/commands/show.ts";
import { statusCommand } from "../src/commands/status.ts";
import { openSqliteStore } from "../src/store/index.ts";
import { runForTest } from "./run-for-test.ts";
import { config, data, net, netModule, openWorkspace, type Workspace } from "./workspace.ts";

const bin = join(import.meta.dirname, "../bin/mosaic.ts");
let workspace: Workspace;
let mark: string;

beforeAll(async () => {
  const sections = { DATA: data, NET: { ...net, width: "2, 3" }, BAD: { ...net, class: "Bad" } };
  workspace = await openWorkspace({
    "net.ts": `${netModule}\nexport class Bad extends Net { override forward(): Tensor { throw new TypeError("it is bad"); } }`,
    "config.ini": config({ monitor: { multiplicity: 3 }, sections }),
  });
  // Runs 1 to 3 are Net(2), 4 to 6 Net(3), 7 to 9 fail.
  expect(await workspace.run("run", "config.ini", "whole.db")).toMatchObject({ code: 1 });
  mark = await workspace.read(".runs/whole/.database");
  await rm(workspace.path(".runs/whole/.database"));
});
afterAll(() => workspace.close());

/** The database with its files, as it was. */
beforeEach(async () => {
  await rm(workspace.path(".runs/or"), { recursive: true, force: true });
  for (const name of [".runs/or", ".runs/whole"]) await mkdir(workspace.path(name), { recursive: true });
  for (const name of await workspace.list(".runs/whole"))
    await copyFile(workspace.path(`.runs/whole/${name}`), workspace.path(`.runs/or/${name}`));
  await copyFile(workspace.path("whole.db"), workspace.path("or.db"));
  // As if the one had been moved to where the other is.
  await workspace.write(".runs/or/.database", mark.replace("whole.db", "or.db"));
});

const remove = (...args: readonly string[]) => runForTest(removeCommand, args);
const database = () => workspace.path("or.db");
const ask = (command: Command, ...args: readonly string[]) => runForTest(command, [database(), ...args]);
const files = async (id: number) =>
  (await workspace.list(".runs/or")).filter((name) => new RegExp(`_${id}\\.`).test(name));
const rowsOf = (id: number) =>
  tables.flatMap((table) => workspace.query("or.db", `SELECT 1 FROM ${table} WHERE run_id = ?`, id));
const tables = [
  "runs",
  "params",
  "run_results",
  "run_details",
  "run_metrics",
  "history",
  "artifacts",
  "run_digests",
  "tags",
  "notes",
];
const go = (...options: readonly string[]) => workspace.run("run", "config.ini", "or.db", ...options);

describe("a removed run", () => {
  test("is gone with its rows and files, those too that nobody has recorded, and no other is", async () => {
    await writeFile(workspace.path(".runs/or/model_Net_4.part"), "");
    await writeFile(workspace.path(".runs/or/output_4.log.1"), "");
    await writeFile(workspace.path(".runs/or/notes_4.txt"), "the user's");
    const before = await workspace.list(".runs/or");
    const { code, out, err } = await remove(database(), "-id", "4,7-8", "--yes");
    expect({ code, out }).toEqual({ code: 0, out: "3 runs removed, 9 files deleted\n" });
    expect(err).toMatch(
      /^To be deleted from .*or\.db: 3 runs, with 9 files \([\d.]+ kB\)\n {2}Data\(\) \| Net\(3\): 1 done\n {2}Data\(\) \| Bad\(\): 2 failed\n$/,
    );
    for (const id of [4, 7, 8])
      expect([...rowsOf(id), ...(await files(id))], `run ${id}`).toEqual(id === 4 ? ["notes_4.txt"] : []);
    expect((await workspace.list(".runs/or")).length).toBe(before.length - 9);
    expect(workspace.statuses("or.db")).toEqual(["done", "done", "done", "done", "done", "error"]);
    expect((await ask(statusCommand, "--check")).out).toContain("Nothing is damaged.");
  });

  test("does not come back unless it is asked for", async () => {
    await remove(database(), "-id", "2,7", "--yes");
    const continued = await go("--continue");
    expect(continued.stderr).toContain("5 runs done before, 0 unfinished taken up, 0 new\n");
    expect(continued.stderr).toContain("2 runs were removed and stay so; --restore-removed trains them again\n");
    // A larger experiment trains only what is new.
    const text = await workspace.read("config.ini");
    await workspace.write("config.ini", text.replace("width = 2, 3", "width = 2, 3, 4"));
    expect((await go("--continue", "--retry-errors")).stderr).toContain(
      "5 runs done before, 2 unfinished taken up, 3 new\n",
    );
    expect(workspace.query("or.db", "SELECT run_id FROM runs WHERE pipeline LIKE '%Net(2)%'").length).toBe(2);
    const restored = await go("--continue", "--restore-removed");
    expect(restored.stderr).toContain("2 new\n");
    // No id is given twice, and the same training gives the same bits.
    const ids = workspace.query("or.db", "SELECT run_id FROM runs ORDER BY run_id").map(({ run_id }) => run_id);
    expect(ids).toEqual([1, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14]);
    const losses = (name: string, id: number) =>
      workspace.query(name, "SELECT train_loss, test_loss FROM run_results WHERE run_id = ?", id);
    expect(losses("or.db", 13)).toEqual(losses("whole.db", 2));
    expect((await ask(compareCommand)).out).not.toContain("removed");
    expect((await ask(showCommand, "2")).err).toMatch(
      /^run 2 \(Data\(\) \| Net\(2\), done\) was removed on \d{4}-\d\d-\d\d, and has been trained again under another id since\n$/,
    );
    await workspace.write("config.ini", text);
  });

  test("is known to status, show, selectors, export and compare", async () => {
    await remove(database(), "-id", "2,9", "--yes");
    expect((await ask(statusCommand)).out).toContain("7 runs: 5 done, 2 failed; 2 runs removed\n");
    expect(JSON.parse((await ask(statusCommand, "--json")).out)).toMatchObject({ removed: 2 });
    expect((await ask(showCommand, "9")).err).toMatch(
      /^run 9 \(Data\(\) \| Bad\(\), failed\) was removed on \d{4}-\d\d-\d\d\n$/,
    );
    expect((await remove(database(), "-id", "2", "--yes")).err).toBe(
      "run 2 was removed; the database has runs 1 to 8\n",
    );
    expect(await ask(exportCommand, workspace.path("or.csv"))).toMatchObject({
      code: 0,
      err: "2 runs of this database were removed and not written\n",
    });
    const compared = await ask(compareCommand);
    expect(compared.out).toMatch(/ n {2}failed {2}removed *\n/);
    expect(compared.out).toMatch(/Net\(2\) .* 2 {2}0 {7}1 done *\n/);
    expect(compared.out).toMatch(/Bad\(\) .* 0 {2}2 {7}1 failed *\n/);
    expect(compared.out).toContain(
      "2 runs were removed from the database (1 done of Net(2); 1 failed of Bad()): verdicts are about what is left. They are worth what they say only if nobody chose by the results what to remove.\n",
    );
    expect(compared.out).toContain(
      "These verdicts hold at every look: some runs were removed, when their results may have been known.\n",
    );
    expect((await ask(compareCommand, "--explain", "1,2")).out).toContain(
      "Removed from the database: 1 done of Net(2).",
    );
    const json = JSON.parse((await ask(compareCommand, "--json")).out);
    expect(
      json.dataSets[0].models.map(({ model, removed }: { model: string; removed: unknown }) => [model, removed]),
    ).toEqual(
      expect.arrayContaining([
        ["Net(2)", { done: 1, failed: 0, unfinished: 0 }],
        ["Net(3)", { done: 0, failed: 0, unfinished: 0 }],
        ["Bad()", { done: 0, failed: 1, unfinished: 0 }],
      ]),
    );
  });

  test("is told of where all of its model, or all of the database, went", async () => {
    await remove(database(), "-id", "1-3", "--yes");
    const { out } = await ask(compareCommand);
    expect(out).toMatch(/- {2}Net\(2\) .* 0 {2}0 {7}3 done *\n/);
    await remove(database(), "-id", "all", "--yes");
    expect((await ask(compareCommand)).err).toMatch(/has no run with a finite test_loss; of its runs are 9 removed\n$/);
    expect((await go("--continue")).stderr).toContain("9 runs were removed and stay so");
    // What is new has new ids.
    expect((await go()).stderr).toContain("9 runs");
    expect(workspace.query("or.db", "SELECT min(run_id) AS id FROM runs")).toEqual([{ id: 10 }]);
    expect((await ask(compareCommand)).out).not.toContain("removed");
  });
});

describe("before it deletes", () => {
  test("it asks, and without a terminal it refuses", async () => {
    const refused = await remove(database(), "-id", "1");
    expect(refused).toMatchObject({ code: 2, out: "" });
    expect(refused.err).toMatch(
      /Net\(2\): 1 done\nNothing was deleted: there is no terminal to ask at\. --yes deletes without asking\n$/,
    );
    expect(rowsOf(1)).not.toEqual([]);
  });

  test.skipIf(spawnSync("script", ["--version"]).error !== undefined && process.env.REQUIRE_ALL !== "1")(
    "takes only yes for yes, and Ctrl-C for no",
    async () => {
      const answered = async (answer: string) => {
        const command = `'${process.execPath}' --disable-warning=ExperimentalWarning '${bin}' remove or.db -id 1,2`;
        const asked = workspace.path(`asked ${answer.slice(1)}`);
        const wait = `until grep -qs y/N '${asked}'; do sleep 0.1; done`;
        const program = `(${wait}; printf '${answer}'; sleep 1) | script -qefc "${command}" '${asked}'`;
        return (await workspace.startProgram("bash", ["-c", program]).finished).stdout;
      };
      for (const answer of ["yess\\n", "\\004"]) {
        const said = await answered(answer);
        expect(said, answer).toContain("Delete these 2 runs? [y/N] ");
        expect(said, answer).toMatch(/Nothing was deleted\.\r\n$/);
      }
      expect(await answered("\\003")).toMatch(/Stopped; nothing was written\.\r\n$/);
      expect(workspace.statuses("or.db")).toHaveLength(9);
      expect(await answered("y\\n")).toMatch(/2 runs removed, 10 files deleted\r\n$/);
      expect(workspace.statuses("or.db")).toHaveLength(7);
    },
    60_000,
  );

  test("it is refused while an experiment runs on the database", async () => {
    const store = await openSqliteStore(database());
    try {
      expect(await remove(database(), "-id", "1", "--yes")).toMatchObject({
        code: 2,
        err: expect.stringMatching(
          new RegExp(
            `^[^\\n]*or\\.db: process ${process.pid} has been writing to this database since [^\\n]*; wait until it has finished, or stop it\\n$`,
          ),
        ),
      });
    } finally {
      await store.close();
    }
    expect(rowsOf(1)).not.toEqual([]);
  });

  const help = "\n(mosaic_remove --help shows how it is used)";
  const all =
    "--id, --request, --where, --tag, --param_name_and_value, --param_name_and_value_low_threshold, --param_name_and_value_high_threshold";
  test.each([
    [[], `mosaic_remove: say which runs are meant, with one of ${all}${help}`],
    [
      ["-id", "1", "-request", "SELECT 1"],
      `mosaic_remove: say in one way only which runs are meant, with one of ${all}${help}`,
    ],
    [["-id", "x"], `mosaic_remove: --id: expected ids such as 1, 1-3 or 1,4,7-9, or all, got "x"${help}`],
    [["-id", "3-1"], `mosaic_remove: --id: expected ids such as 1, 1-3 or 1,4,7-9, or all, got "3-1"${help}`],
    [["-id", "12"], "there is no run 12; the database has runs 1 to 9"],
    [["-id", "10-12"], "there is no run from 10 to 12; the database has runs 1 to 9"],
    [["-request", "SELECT run_id FROM runs WHERE 0"], "the request gives no run"],
    [["-request", "SELECT 77"], "the request gives 77, which is no run's id; the database has runs 1 to 9"],
    [
      ["-param_name_and_value_low_threshold", "test_loss", "low"],
      `mosaic_remove: --param_name_and_value_low_threshold: expected a name and a number, got [ 'test_loss', 'low' ]${help}`,
    ],
    [["-param_name_and_value", "lr", "7"], "no run has a lr equal to 7"],
    [["--where", "net.widht = 2"], '--where: "net.widht" at character 1 is not known. Did you mean "NET.width"?'],
  ] as const)("%s is refused", async (args, message) => {
    expect(await remove(database(), ...args, "--yes")).toEqual({ code: 2, out: "", err: `${message}\n` });
  });

  test("what is no option or no database is refused", async () => {
    expect((await remove(database(), "-id", "1", "--no")).err).toContain("--no");
    const missing = workspace.path("none.db");
    expect(await remove(missing, "-id", "1", "--yes")).toMatchObject({
      code: 2,
      err: `${missing} does not exist; check the name\n`,
    });
    expect(workspace.exists("none.db")).toBe(false);
    expect((await go("--restore-removed")).stderr).toBe(
      "mosaic run: --restore-removed: goes with --continue: without it everything runs anew\n(mosaic run --help shows how it is used)\n",
    );
  });
});

describe("files", () => {
  test("of a copy's original stay, and the copy's own go", async () => {
    await workspace.run("savedb", "copy.db", "--db", "or.db", "--force");
    const before = await workspace.list(".runs/or");
    const { code, out, err } = await remove(workspace.path("copy.db"), "-id", "1", "--yes");
    expect({ code, out }).toEqual({ code: 0, out: "1 run removed, 0 files deleted\n" });
    expect(err).toContain(
      "5 files of such runs stay: they lie in no folder of this database's own, as those of a copy do\n",
    );
    await copyFile(database(), workspace.path("plain copy.db"));
    expect((await remove(workspace.path("plain copy.db"), "-id", "1", "--yes")).out).toBe(
      "1 run removed, 0 files deleted\n",
    );
    expect(await workspace.list(".runs/or")).toEqual(before);
    await rm(workspace.path("copy.db"));
    await rm(workspace.path("plain copy.db"));
  });

  test("that several runs have written under one name stay with the last of them", async () => {
    const store = await openSqliteStore(database());
    await store.close();
    await writeFile(workspace.path(".runs/or/weights.bin"), "");
    alter(
      "INSERT INTO artifacts (run_id, path, kind, size_bytes, created_at) VALUES (1, 'weights.bin', 'model', 0, 0), (2, 'weights.bin', 'model', 0, 0)",
    );
    await remove(database(), "-id", "1", "--yes");
    expect(workspace.exists(".runs/or/weights.bin")).toBe(true);
    await remove(database(), "-id", "2", "--yes");
    expect(workspace.exists(".runs/or/weights.bin")).toBe(false);
  });

  test("outside of the folder are no run's, whatever the database says", async () => {
    await workspace.write(".runs/precious.txt", "mine");
    alter(
      "INSERT INTO artifacts (run_id, path, kind, size_bytes, created_at) VALUES (1, '../precious.txt', 'model', 0, 0)",
    );
    alter("INSERT INTO removed_files VALUES (1, '../precious.txt'), (1, '.')");
    expect(await remove(database(), "-id", "1", "--yes")).toMatchObject({ code: 0 });
    expect(workspace.exists(".runs/precious.txt")).toBe(true);
    expect(workspace.exists(".runs/or")).toBe(true);
  });

  test.skipIf(process.getuid?.() === 0)("that cannot be deleted are told of, and tried again", async () => {
    await chmod(workspace.path(".runs/or"), 0o500);
    const { code, out, err } = await remove(database(), "-id", "1", "--yes");
    await chmod(workspace.path(".runs/or"), 0o700);
    expect({ code, out }).toEqual({ code: 3, out: "1 run removed, 0 files deleted\n" });
    expect(err).toContain("5 files could not be deleted:\n");
    expect((await remove(database(), "-id", "2", "--yes")).out).toBe("1 run removed, 10 files deleted\n");
  });

  test("on a disk that is gone for the moment are deleted later", async () => {
    await rename(workspace.path(".runs"), workspace.path("away"));
    alter("INSERT INTO removed_files VALUES (0, 'x')");
    const first = await remove(database(), "-id", "1", "--yes");
    await rename(workspace.path("away"), workspace.path(".runs"));
    expect(first).toMatchObject({ code: 0, out: "1 run removed, 0 files deleted\n" });
    expect(await files(1)).toHaveLength(5);
  });
});

/** As another program may. */
function alter(sql: string): void {
  const { status, stderr } = spawnSync(process.execPath, [
    "--disable-warning=ExperimentalWarning",
    "-e",
    `const { DatabaseSync } = require("node:sqlite"); const d = new DatabaseSync(${JSON.stringify(database())}); d.exec("PRAGMA foreign_keys = OFF"); d.exec(${JSON.stringify(sql)}); d.close();`,
  ]);
  expect(status, String(stderr)).toBe(0);
}

test("a kill between database and files leaves what the next writer completes, and status --check tells of it", async () => {
  const before = await workspace.list(".runs/or");
  // Files enough for a kill to come between them.
  for (let index = 0; index < 8_000; index++) await writeFile(workspace.path(`.runs/or/model_Net_1.${index}`), "");
  const running = workspace.start("remove", "or.db", "-id", "1-3", "--yes");
  await until(() => rowsOf(1).length === 0, "the rows to go");
  running.kill("SIGKILL");
  await running.finished;
  const [left] = workspace.query("or.db", "SELECT count(*) AS files FROM removed_files");
  expect(Number(left?.files)).toBeGreaterThan(0);
  const checked = await ask(statusCommand, "--check");
  expect(checked).toMatchObject({ code: 0 });
  expect(checked.out).toContain(
    `Left of removed runs: ${countText(Number(left?.files), "file")}, which the next mosaic remove, run, rerun or resume deletes\n`,
  );
  expect((await go("--continue")).stderr).toContain("3 runs done before, 0 unfinished taken up, 0 new\n");
  expect((await workspace.list(".runs/or")).length).toBe(before.length - 15);
  expect(workspace.query("or.db", "SELECT * FROM removed_files")).toEqual([]);
});
