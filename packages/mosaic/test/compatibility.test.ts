/**
 * What an earlier Mosaic left on disk (`fixtures/compatibility`, made by `make.sh` there) opens, says what it said then,
 * and goes on as it went on then. More may be said today; nothing may be missing.
 */
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expectKept, type KeptOptions, processor } from "@ml-mosaic/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openWorkspace, type Workspace } from "./workspace.ts";

const fixtures = join(import.meta.dirname, "../fixtures/compatibility");
/** Where it was made. */
const formerFolder = "/tmp/mosaic-compatibility";
const machine: { readonly processor: string } = JSON.parse(await readFile(join(fixtures, "machine.json"), "utf8"));
/** Another kind of processor adds up in another order. */
const tolerance = processor() === machine.processor ? 0 : 1e-6;

let workspace: Workspace;

beforeEach(async () => {
  workspace = await openWorkspace();
  await cp(fixtures, workspace.folder, { recursive: true });
  await cp(join(fixtures, "original"), workspace.folder, { recursive: true });
  // An experiment belongs to the folder of its configuration: that of today, as if it had not been moved.
  await workspace.write("left.json", (await workspace.read("left.json")).replaceAll(formerFolder, workspace.folder));
  for (const name of ["done.db", "paused.db"]) {
    const database = new DatabaseSync(workspace.path(name));
    const update = database.prepare("UPDATE experiments SET configuration = replace(configuration, ?, ?)");
    update.run(formerFolder, workspace.folder);
    database.close();
  }
});
afterEach(() => workspace.close());

async function succeed(...args: readonly string[]) {
  const finished = await workspace.run(...args);
  expect(finished.code, finished.stderr).toBe(0);
  return finished;
}

/** Of a former path and one of today the same comes. */
const parse = (text: string): unknown => JSON.parse(text.replaceAll(formerFolder, workspace.folder));

/** What holds of figures that are computed anew: other times, and on another processor other bits. */
const retrained = { except: /seconds|duration/, tolerance };

/** That a database says all that it said when `said/<name>` was written. */
async function expectSaid(database: string, name: string, options: KeptOptions = {}, isCompared = true) {
  await succeed("export", database, "now.json");
  const compared = isCompared && workspace.exists(`said/${name}/compare.json`);
  const now = {
    status: parse((await succeed("status", database, "--all", "--json")).stdout),
    runs: parse(await workspace.read("now.json")),
    "runs.history": parse(await workspace.read("now.history.json")),
  };
  for (const [file, said] of Object.entries(now))
    expectKept(said, parse(await workspace.read(`said/${name}/${file}.json`)), options, file);
  if (!compared) return;
  const comparison = (await succeed("compare", database, "test_loss", "--scale", "linear", "--json")).stdout;
  expectKept(modelsOf(comparison), modelsOf(await workspace.read(`said/${name}/compare.json`)), options, "compare");
}

interface Comparison {
  readonly dataSets: readonly { readonly data: string; readonly models: readonly ComparedModel[] }[];
}

interface ComparedModel {
  readonly model: string;
  readonly [figure: string]: unknown;
}

/** What a comparison goes out from, by data set and model. The statistics on top of it may become better ones. */
function modelsOf(text: string): Readonly<Record<string, unknown>> {
  const { dataSets }: Comparison = JSON.parse(text);
  return Object.fromEntries(
    dataSets.flatMap(({ data, models }) =>
      models.map(({ model, n, failed, mean, results }) => [`${data}: ${model}`, { n, failed, mean, results }]),
    ),
  );
}

describe("an experiment of an earlier Mosaic", () => {
  test("says what it said", () => expectSaid("done.db", "done"));

  test("has nothing new to train", async () => {
    const { code, stderr } = await workspace.run("run", "config.ini", "done.db", "--continue");
    expect(stderr).toContain("6 runs done before, 0 unfinished taken up, 0 new\n3 runs failed before and stay so;");
    expect(code).toBe(1);
    await expectSaid("done.db", "done");
  });

  test("has nothing new to train where its numbers are spelt otherwise", async () => {
    const text = await workspace.read("config.ini");
    const otherwise = text.replace("lr = 1e-2", "lr = .010").replace("width = 2, 4, 9", "width = 2.0, 04, 9");
    await workspace.write("config.ini", otherwise.replace("momentum = 0.9", "momentum = 0.90"));
    const { stderr } = await workspace.run("run", "config.ini", "done.db", "--continue");
    expect(stderr).toContain("6 runs done before, 0 unfinished taken up, 0 new");
  });

  test("is trained further as it was then", async () => {
    await succeed("rerun", "config.ini", "done.db", "--id", "1,5", "--epochs", "2");
    // Runs that were trained further are compared at the epoch that all have; they were models of their own then.
    await expectSaid("done.db", "further", retrained, false);
  });

  test("is described by the same pipelines", async () => {
    await succeed("generate", "config.ini", "now.json");
    // Line n is run n today: each pipeline as often as it is repeated.
    const then = parse(await workspace.read("pipelines.json"));
    const repeated = Array.isArray(then) ? then.flatMap((pipeline) => [pipeline, pipeline, pipeline]) : then;
    expect(parse(await workspace.read("now.json"))).toEqual(repeated);
    const { stdout } = await succeed("rekey", "pipelines.json", "done.db");
    expect(stdout).toBe("0 runs changed, 9 had these keys, 0 with other pipelines left as they are\n");
  });
});

describe("an experiment that an earlier Mosaic paused", () => {
  test("says what it said", () => expectSaid("paused.db", "paused"));

  test("goes on from the middle of an epoch as it went on then", async () => {
    await succeed("resume", "left.json");
    await expectSaid("paused.db", "resumed", retrained);
  });
});

describe.each([
  ["orig.db", "original"],
  ["orig-with-error.db", "original-with-error"],
])("a database that the original Mosaic wrote, %s", (database, name) => {
  test("says what it said, also after it was opened for writing", async () => {
    // What the original keeps of a run among its options is exported as none.
    const options = { except: /^(param_status|(param_)?(database_path|traceback))$/ };
    await expectSaid(database, name, options);
    expect((await succeed("rekey", "pipelines.json", database)).stdout).toContain("0 runs changed, 0 had these keys");
    await expectSaid(database, name, options);
  });
});

test("does not take the status and the traceback of runs of the original for options", async () => {
  const { stdout } = await succeed("compare", "orig-with-error.db", "test_loss", "--json");
  expect(stdout).toContain("mlp_brick(4,2)");
  expect(stdout).not.toMatch(/status=|database_path=|traceback=/);
});
