import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { earlierForms } from "../src/experiment/earlier-identities.ts";
import { readExperimentOrigins } from "../src/experiment/experiment-origin.ts";
import { runIdentity } from "../src/experiment/identity.ts";
import { moduleCode } from "../src/languages/typescript/module-code.ts";
import { processParams } from "../src/pipelines/run-params.ts";
import { openSqliteStore, type RunRecord } from "../src/store/index.ts";
import { config, data, dataModule, net, netModule, type Options, openWorkspace, type Workspace } from "./workspace.ts";

let workspace: Workspace;

beforeEach(async () => {
  workspace = await openWorkspace();
});
afterEach(() => workspace.close());

async function write(process: Options, netOptions: Options): Promise<void> {
  await workspace.write(
    "config.ini",
    config({ process: { artifacts: "none", ...process }, sections: { DATA: data, NET: { ...net, ...netOptions } } }),
  );
}

const go = (...options: readonly string[]) => workspace.run("run", "config.ini", "or.db", ...options);
const descriptions = () =>
  workspace.query("or.db", "SELECT pipeline FROM runs ORDER BY run_id").map(({ pipeline }) => pipeline);

test("starts a new database, trains only what is missing, says so, and shows all in its table", async () => {
  await write({}, { width: "2, 3" });
  const first = await go("--continue");
  expect(first).toMatchObject({ code: 0 });
  expect(first.stderr).toContain("0 runs done before, 0 unfinished taken up, 2 new");
  const before = workspace.history("or.db");

  await write({}, { width: "2, 3, 4" });
  const second = await go("--continue");
  expect(second.code, second.stderr).toBe(0);
  expect(second.stderr).toContain("2 runs done before, 0 unfinished taken up, 1 new");
  expect(descriptions()).toEqual(["Data() | Net(2)", "Data() | Net(3)", "Data() | Net(4)"]);
  expect(workspace.history("or.db").filter(({ run_id }) => Number(run_id) < 3)).toEqual(before);
  // The comparison is what the user wants to see: with what was there before.
  for (const model of ["Net(2)", "Net(3)", "Net(4)"]) expect(second.stdout).toContain(model);

  const third = await go("--continue");
  expect(third.code, third.stderr).toBe(0);
  expect(third.stderr).toContain("3 runs done before, 0 unfinished taken up, 0 new");
  expect(third.stdout).toContain("Net(4)");
  expect(descriptions()).toHaveLength(3);
});

test("takes runs as new when a module's text has changed, of whatever file it imports, but not when other things have", async () => {
  await workspace.write("own.ts", `export { Net } from "./net.ts";\n`);
  await write({}, { path_to_class: "./own.ts", width: 2, layers: 0 });
  await go();
  // Neither the order of options, nor keys, nor where files lie make another run.
  await write({ run_files_path: "elsewhere" }, { path_to_class: "./own.ts", layers: 0, width: 2 });
  expect((await go("--continue")).stderr).toContain("1 run done before, 0 unfinished taken up, 0 new");
  await workspace.write("net.ts", `${netModule}\n// changed`);
  const changed = await go("--continue");
  expect(changed.stderr).toContain("0 runs done before, 0 unfinished taken up, 1 new");
  expect(changed.stderr).toContain(
    "1 of the new were trained before with another text of ./own.ts: they are trained anew, and the earlier results stay\n",
  );
  await workspace.write("data.ts", `${dataModule}\n// changed`);
  expect((await go("--continue")).stderr).toContain("0 runs done before, 0 unfinished taken up, 1 new");
  expect(workspace.statuses("or.db")).toEqual(["done", "done", "done"]);
});

test("says which done runs have fewer epochs, with the command that extends them, and trains them no further", async () => {
  await write({ epochs: 2, artifacts: "all" }, { width: "2, 3, 4, 5" });
  await go();
  expect((await workspace.run("rerun", "config.ini", "or.db", "-id", "3", "-epochs", "1")).code).toBe(0);
  await write({ epochs: 4, artifacts: "all" }, { width: "2, 3, 4, 5" });
  const finished = await go("--continue");
  expect(finished.stderr).toContain(
    "4 done runs with fewer epochs than asked for. To train them further:\n" +
      "  mosaic_rerun config.ini or.db --id 1-2,4 --epochs 2\n" +
      "  mosaic_rerun config.ini or.db --id 3 --epochs 1\n",
  );
  expect(workspace.history("or.db")).toHaveLength(9);
  for (const args of ["-id 1-2,4 -epochs 2", "-id 3 -epochs 1"])
    expect((await workspace.runCommand("mosaic_rerun", "config.ini", "or.db", ...args.split(" "))).code).toBe(0);
  expect((await go("--continue")).stderr).not.toContain("fewer epochs");
  expect(workspace.history("or.db")).toHaveLength(16);
});

test("does not take a run for short that stopped early", async () => {
  const early = { early_stopping: "True", "early_stopping.patience": 0, "early_stopping.min_delta": 1000 };
  await write({ ...early, epochs: 50 }, { width: 2 });
  await go();
  expect(workspace.history("or.db").length).toBeLessThan(50);
  expect((await go("--continue")).stderr).not.toContain("fewer epochs");
});

test("writes its table as JSON, and nothing else, where a program wants it", async () => {
  await write({}, { width: "2, 3" });
  const finished = await go("--json");
  expect(JSON.parse(finished.stdout)).toEqual({
    database: workspace.path("or.db"),
    models: expect.arrayContaining([
      {
        model: "Data() | Net(2)",
        data: "Data()",
        nb_params: 9,
        runs: 1,
        failed: 0,
        repeats: 0,
        test_loss: expect.any(Number),
        test_loss_sd: null,
        test_acc: expect.any(Number),
        "duration(s)": expect.any(Number),
      },
    ]),
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
  expect(finished.stderr).not.toMatch(/[\u001b\r]/);
});

test("keeps runs apart that differ in their number of epochs alone", async () => {
  await write({ epochs: "1, 2" }, { width: 2 });
  expect((await go("--continue")).stderr).toContain("0 runs done before, 0 unfinished taken up, 2 new");
  expect((await go("--continue")).stderr).toContain("2 runs done before, 0 unfinished taken up, 0 new");
  expect(workspace.history("or.db").map(({ run_id, epoch }) => [run_id, epoch])).toEqual([
    [1, 1],
    [2, 1],
    [2, 2],
  ]);
});

test("runs errors again with --retry-errors only", async () => {
  await workspace.write(
    "net.ts",
    `${netModule}
import { existsSync } from "node:fs";
export class Moody extends Net {
  constructor(options: Record<string, number>) {
    super(options);
    if (options.width === 3 && !existsSync(import.meta.dirname + "/good-mood")) throw new Error("in a bad mood");
  }
}`,
  );
  await write({}, { class: "Moody", width: "2, 3", layers: 0 });
  const first = await go();
  expect(first.code, first.stderr).toBe(1);
  expect(first.stderr).toContain("--continue --retry-errors");
  expect(workspace.statuses("or.db")).toEqual(["done", "error"]);

  const second = await go("--continue");
  expect(second.code, second.stderr).toBe(1);
  expect(second.stderr).toContain("1 run failed before and stay so");
  expect(workspace.statuses("or.db")).toEqual(["done", "error"]);

  await workspace.write("good-mood", "");
  // It is a run of the configuration of now.
  const third = await go("--continue", "--retry-errors", "PROCESS.epochs=1");
  expect(third.code, third.stderr).toBe(0);
  expect(third.stderr).toContain("1 run done before, 1 unfinished taken up, 0 new");
  expect(third.stderr).toContain("1 of the unfinished take the epochs that the configuration asks for now");
  expect(workspace.query("or.db", "SELECT epochs FROM run_results WHERE run_id = 2")).toEqual([{ epochs: 1 }]);
  expect(workspace.statuses("or.db")).toEqual(["done", "done"]);
  expect(workspace.query("or.db", "SELECT return_status FROM runs WHERE run_id = 2")[0]?.return_status).toMatch(
    /^train_loss=/,
  );
});

test("counts numbers by value: another spelling is not trained again, and is no other model", async () => {
  await write({ lr: "1e-2" }, { width: "3" });
  await go();
  await write({ lr: "0.01" }, { width: "3.0, 4" });
  const finished = await go("--continue");
  expect(finished.stderr).toContain("1 run done before, 0 unfinished taken up, 1 new");
  // Without --continue it is trained once more, as a repetition of the same model.
  await go();
  const { stdout } = await workspace.run("compare", "or.db", "test_loss", "--json");
  const models: { dataSets: { models: { model: string }[] }[] } = JSON.parse(stdout);
  expect(models.dataSets.flatMap((data) => data.models.map(({ model }) => model)).sort()).toEqual(["Net(3)", "Net(4)"]);
});

test("refuses a number that is in a list in two spellings", async () => {
  await write({}, { width: "1, 1.0" });
  expect((await go()).stderr).toContain(
    '"1.0" is in the list twice, so that every one of its pipelines would be there twice. Write it once; numbers count by value, and texts that look like them need quotes: "1.0".',
  );
});

test("trains only what is new where a sample grows, a condition changes, or lists that go together get longer", async () => {
  const said = async (process: Options, netOptions: Options) => {
    await write({ epochs: 1, ...process }, netOptions);
    const { code, stderr } = await go("--continue");
    expect(code, stderr).toBe(0);
    return stderr.split("\n").slice(0, 2);
  };
  const lists = { width: "{2-6}", layers: "0, 1" };
  expect(await said({ sample: 2 }, lists)).toEqual([
    "2 runs: 2 pipelines x 1 (of 10 pipelines, 8 not in the sample)",
    "0 runs done before, 0 unfinished taken up, 2 new",
  ]);
  expect(await said({ sample: 4, exclude: "NET.width > 100" }, { ...lists, width: "2.0, 3, 4, 5, 6" })).toEqual([
    expect.stringContaining("exclude: The condition holds of none of the 10 pipelines."),
    "4 runs: 4 pipelines x 1 (of 10 pipelines, 6 not in the sample)",
  ]);
  expect(descriptions()).toHaveLength(4);
  expect(await said({ exclude: "layers = 1 and width > 3" }, lists)).toEqual([
    "7 runs: 7 pipelines x 1 (of 10 pipelines, 3 excluded)",
    expect.stringMatching(/^[1-4] runs? done before, 0 unfinished taken up, [3-6] new$/),
  ]);
  const known = descriptions().length;
  expect(await said({ zip: "NET.width, NET.layers" }, { width: "2, 3", layers: "0, 1" })).toEqual([
    "2 runs: 2 pipelines x 1",
    "2 runs done before, 0 unfinished taken up, 0 new",
  ]);
  expect(descriptions()).toHaveLength(known);
  expect(new Set(descriptions()).size).toBe(known);
});

test("follows what a file includes and what arguments say, keeps both, and says how to go on with them", async () => {
  const { width, ...others } = net;
  const base = config({
    process: { artifacts: "none", epochs: 1 },
    sections: { DATA: data, NET: { ...others, width: 2 } },
  });
  const shared = base.replaceAll("./", "../");
  await workspace.write("shared/base.ini", shared);
  await workspace.write("config.ini", "include = shared/base.ini\n");
  const first = await go("NET.layers=0", "NET.width=2,3");
  expect(first.code, first.stderr).toBe(0);
  expect(first.stderr).toMatch(/^2 runs: 2 pipelines x 1\n/);
  expect(first.stdout + first.stderr).toContain("mosaic run config.ini or.db NET.layers=0 NET.width=2,3 --continue");
  const [{ configuration } = {}] = workspace.query("or.db", "SELECT configuration FROM experiments");
  expect(JSON.parse(String(configuration))).toMatchObject({
    text: "include = shared/base.ini\n",
    included: { "shared/base.ini": shared },
    overrides: ["NET.layers=0", "NET.width=2,3"],
  });
  // The same values are the same runs, wherever they are written.
  await workspace.write("shared/base.ini", shared.replace("width = 2", "layers = 0\nwidth = 2, 3, 4"));
  const second = await go("--continue");
  expect(second.stderr).toContain("2 runs done before, 0 unfinished taken up, 1 new");
  expect(descriptions()).toHaveLength(3);
});

test("counts components by what they are: another spelling, or what holds anyway, is not trained again", async () => {
  await write({ optimizer: "SGD", "optimizer.momentum": "0.9" }, {});
  await go();
  await write({ optimizer: "sgd(momentum = .9), Adam", seed: 0, early_stopping: "False" }, {});
  expect((await go("--continue")).stderr).toContain("1 run done before, 0 unfinished taken up, 1 new");
});

test("compare tells of a file of data that has changed between repetitions", async () => {
  const reading = dataModule
    .replace("delay = 0 }", 'delay = 0, file = "" }')
    .replace("delay?: number }", "delay?: number; file?: string }");
  await workspace.write("data.ts", reading);
  await workspace.write("points.csv", "1,2\n");
  await workspace.write("config.ini", config({ sections: { DATA: { ...data, file: "./points.csv" }, NET: net } }));
  await go();
  await go("--continue", "MONITOR.multiplicity=2");
  const compare = async () => (await workspace.run("compare", "or.db")).stdout;
  expect(await compare()).not.toContain("points.csv");
  await workspace.write("points.csv", "1,2\n3,4\n");
  expect((await go("--continue", "MONITOR.multiplicity=3")).stderr).toContain("2 runs done before");
  expect(await compare()).toMatch(/^\.\/points\.csv was not the same for all runs \(4 bytes of .*, then 8 bytes of/m);
  // Runs that go on are of both.
  await workspace.write("points.csv", "1,2\n3,4\n5,6\n");
  expect((await workspace.run("rerun", "config.ini", "or.db", "-id", "all")).code).toBe(0);
  expect(await compare()).toMatch(/\(4 bytes of .*, then 8 bytes of .*, then 12 bytes of/);
});

test("compare tells of repetitions of a model that were trained with different texts of a module", async () => {
  await write({}, { width: "2, 3" });
  await go("MONITOR.multiplicity=2");
  const compare = async () => (await workspace.run("compare", "or.db")).stdout;
  await workspace.write("net.ts", `${netModule}\n// changed`);
  await go("--continue", "MONITOR.multiplicity=1", "NET.width=2");
  const note =
    "trained with another text of ./net.ts, or of what it imports, than others, and are not of one model: Net(2). ";
  expect(await compare()).toContain(note);
  await go("--continue", "MONITOR.multiplicity=2");
  const mended = await compare();
  expect(mended).toContain("4 runs left out: another run is of the same repetition");
  expect(mended).not.toContain("net.ts");
});

test("further repetitions are of the same model where a default has been written out meanwhile", async () => {
  await workspace.write(
    "net.ts",
    `import { int, schema } from "@ml-mosaic/configurable";\n${netModule.replace(
      "export class Net extends nn.Module {",
      "export class Net extends nn.Module {\n  static readonly configSchema = { width: schema(int, { default: 3 }), layers: schema(int, { default: 0 }), input_size: schema(int), output_size: schema(int) };",
    )}`,
  );
  await workspace.write(
    "data.ts",
    `import { int, schema } from "@ml-mosaic/configurable";\n${dataModule.replace(
      "export class Data {",
      "export class Data {\n  static readonly configSchema = { size: schema(int, { default: 8 }), batch_size: schema(int, { default: 4 }), delay: schema(int, { default: 0 }) };",
    )}`,
  );
  await write({}, {});
  await workspace.write("config.ini", (await workspace.read("config.ini")).replace(/^width = .*\n/m, ""));
  expect((await go()).code).toBe(0);
  await write({}, { width: "3.0" });
  const second = await go("--continue", "MONITOR.multiplicity=3", "NET.layers=0");
  expect(second.stderr).toContain("1 run done before, 0 unfinished taken up, 2 new");
  expect(new Set(descriptions()).size).toBe(1);
  expect((await workspace.run("compare", "or.db")).stdout).toMatch(/^1\. +Net\(\) .* 3 +0$/m);
  const third = await go("--continue", "MONITOR.multiplicity=3");
  expect(third.stderr).toContain("3 runs done before, 0 unfinished taken up, 0 new");
  // Nor do those that are trained anew, and the data of another model are the same data.
  const fourth = await go("NET.width=3,4", "NET.layers=0", "DATA.size=8.0");
  expect(fourth.code, fourth.stderr).toBe(0);
  expect([...new Set(descriptions())]).toEqual(["Data() | Net()", "Data() | Net(4,0)"]);
});

test("shows repetitions in one line, however their options are spelt", async () => {
  await write({ lr: "1e-2, 0.1", optimizer: "SGD(momentum=0.9), Adam" }, { width: "2" });
  await go();
  await write({ lr: "0.01, 1e-1", optimizer: "sgd(momentum=.90), adam" }, { width: "2.0", path_to_class: "net.ts" });
  const second = await go("--continue", "MONITOR.multiplicity=2");
  expect(second.stderr).toContain("4 runs done before, 0 unfinished taken up, 4 new");
  const lines = second.stdout.split("\n").filter((line) => line.startsWith("lr="));
  expect(lines.map((line) => line.split(/ {2,}/)[2])).toEqual(["2", "2", "2", "2"]);
});

test.each(["as written", "by value", "by components"])(
  "finds the runs of databases whose identities were made %s, removed ones too",
  async (form) => {
    const optimizer = "SGD(momentum=0.9), Adam(betas=[0.9, 0.99])";
    await workspace.write("net.ts", `import { parse } from "acorn";\nvoid parse;\n${netModule}`);
    await write({ optimizer, lr: "1e-2", zip: "optimizer, NET.width" }, { width: "2, 3" });
    await go();
    expect((await workspace.run("remove", "or.db", "-id", "1", "--yes")).code).toBe(0);
    await countAsBefore(workspace.path("or.db"), ["as written", "by value", "by components"].indexOf(form));
    // The same text: what was counted as written is found by it, and then by what it means.
    await write({ optimizer: `${optimizer}, RMSprop`, lr: "1e-2", zip: "optimizer, NET.width" }, { width: "2, 3, 4" });
    const first = await go("--continue");
    expect(first.stderr).toContain("1 run done before, 0 unfinished taken up, 1 new");
    expect(first.stderr).toContain("1 run was removed and stays so");
    const spelt = { optimizer: "sgd(momentum=.9), adam(betas=[.9,.990], amsgrad=false), rmsprop", lr: "0.01" };
    await write({ ...spelt, zip: "optimizer, NET.width" }, { width: "2.0, 3, 4" });
    const second = await go("--continue");
    expect(second.stderr).toContain("2 runs done before, 0 unfinished taken up, 0 new");
    expect(second.stderr).toContain("1 run was removed and stays so");
  },
);

/** Gives all runs the identities that an earlier version gave them. */
async function countAsBefore(path: string, form: number): Promise<void> {
  const store = await openSqliteStore(path, { create: false });
  let modules: Readonly<Record<string, string>> = {};
  try {
    const [origin] = await readExperimentOrigins(store);
    const [before] = earlierForms(new Map()).slice(form);
    if (origin === undefined || before === undefined) throw new Error("no experiment, or no such form");
    const digests = new Map(origin.modules);
    // The first version counted no packages.
    if (form === 0)
      for (const name of digests.keys()) {
        const { earlierDigest } = await moduleCode({ kind: "file", path: workspace.path(name) }, workspace.folder);
        digests.set(name, earlierDigest);
      }
    modules = Object.fromEntries(digests);
    const identities: [runId: number, identity: string][] = [];
    const add = ({ runId, pipeline, params }: Pick<RunRecord, "runId" | "pipeline" | "params">, repetition = 0) => {
      if (pipeline === undefined) throw new Error(`run ${runId} has no pipeline`);
      const parts = { digests, ...before };
      identities.push([runId, runIdentity(pipeline, processParams(pipeline, params), repetition, parts)]);
    };
    for await (const run of store.runs({})) add(run, run.details?.repetition);
    for await (const run of store.removedRuns()) add(run, run.repetition);
    await store.updateIdentities(identities);
  } finally {
    await store.close();
  }
  const database = new DatabaseSync(path);
  database
    .prepare(
      "UPDATE experiments SET configuration = json_set(json_remove(configuration, '$.identities'), '$.modules', json(?))",
    )
    .run(JSON.stringify(modules));
  database.close();
}
