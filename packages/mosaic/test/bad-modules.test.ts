import type { Finished } from "@ml-mosaic/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { config, data, net, type Options, openWorkspace, type Workspace } from "./workspace.ts";

/** Keeps the run going until what was left for later has happened. */
const slowSaving = "async saveModel() { await new Promise((resolve) => setTimeout(resolve, 100)); }";

/** Class by class what is wrong with it, and what the user is to read. */
const badNets: Readonly<Record<string, { readonly body: string; readonly says: RegExp; readonly line?: RegExp }>> = {
  ThrowsInConstructor: {
    body: `constructor(options) { super(options); throw new Error("no such luck"); }`,
    says: /^Error: no such luck\n/,
    line: /new ThrowsInConstructor \(.*bad\.js:\d+:\d+\)/,
  },
  ThrowsInForward: {
    body: `forward() { throw new RangeError("out of forward"); }`,
    says: /^RangeError: out of forward\n/,
    line: /ThrowsInForward\.forward \(.*bad\.js:\d+:\d+\)/,
  },
  ThrowsInInfo: {
    body: `info() { throw new Error("no info"); }`,
    says: /^Error: no info\n/,
    line: /ThrowsInInfo\.info \(.*bad\.js/,
  },
  ThrowsInSaveModel: {
    body: `async saveModel() { throw new Error("cannot save"); }`,
    says: /^Error: cannot save\n/,
    line: /ThrowsInSaveModel\.saveModel \(.*bad\.js/,
  },
  ThrowsText: { body: `forward() { throw "just text"; }`, says: /^a module threw just text, which is no Error/ },
  ThrowsWithCause: {
    body: `forward() { throw new Error("outer", { cause: new Error("inner") }); }`,
    says: /^Error: outer\n.*\ncaused by Error: inner\n/s,
  },
  ForwardGivesNumber: {
    body: `forward() { return 4; }`,
    says: /ForwardGivesNumber \(\.\/bad\.js\): forward returned 4; it must return a Tensor/,
  },
  ForwardGivesPromise: {
    body: `async forward(data) { return data; }`,
    says: /ForwardGivesPromise \(\.\/bad\.js\): forward returned a Promise; .* without await/,
  },
  ForwardGivesWrongShape: {
    body: `forward(data) { const x = super.forward(data); return x.reshape([x.shape[0]]); }`,
    says: /prediction \[4\] and target \[4, 1\] must have one shape/,
  },
  ForwardForgetsParameters: {
    body: `forward(data) { return data.sum(1, true); }`,
    says: /the loss depends on none of the 4 parameters/,
  },
  InfoGivesList: {
    body: `info() { return [1, 2]; }`,
    says: /InfoGivesList \(\.\/bad\.js\): info\(\) returned an array of 2: 1, 2; it must return an object/,
  },
  LeavesRejection: {
    body: `info() { Promise.reject(new Error("left alone")); return {}; }`,
    says: /^Error: left alone\n/,
    line: /LeavesRejection\.info \(.*bad\.js/,
  },
  ThrowsLater: {
    body: `info() { setTimeout(() => { throw new Error("much later"); }); return {}; }\n${slowSaving}`,
    says: /^Error: much later\n/,
    line: /bad\.js:\d+:\d+/,
  },
  ExitsProcess: {
    body: `info() { process.exit(0); }`,
    says: /a module called process\.exit\(0\)/,
    line: /ExitsProcess\.info \(.*bad\.js/,
  },
  ExitsLater: {
    body: `info() { setTimeout(() => process.exit(0)); return {}; }\n${slowSaving}`,
    says: /a module called process\.exit\(0\)/,
    line: /bad\.js:\d+:\d+/,
  },
  SendsNull: {
    body: `info() { process.send(null); return {}; }`,
    says: /process\.send is not a function/,
    line: /SendsNull\.info \(.*bad\.js/,
  },
  NeedsMore: {
    body: `constructor({ depth, input_size, width, layers }) { super({ input_size, width, output_size: 1 }); this.depth = depth; }`,
    says: /NeedsMore \(\.\/bad\.js\): depth is missing: it is neither in \[BAD_NeedsMore\] nor in info\(\) of Data/,
  },
  ReadsMore: {
    body: `constructor(options) { super(options); this.sizes = options.sizes.map(Number); }`,
    says: /ReadsMore \(\.\/bad\.js\): sizes is missing: it is neither in \[BAD_ReadsMore\] nor in info\(\) of Data.*caused by TypeError/s,
  },
};

/** These find the descriptor of the channel: what they write reaches the supervisor. */
const forgedMessages: Readonly<Record<string, string>> = {
  ForgesText: `"a line of output\\n"`,
  ForgesNull: `frameOf("null")`,
  ForgesTwice: `Buffer.concat([frameOf("null"), frameOf("null")])`,
  ForgesResult: `frameOf('{"kind":"done","token":1,"result":{"test_loss":"0"},"records":[],"artifacts":[]}')`,
  ForgesEpoch: `frameOf('{"kind":"epochs","token":1,"records":[null],"epochs":2}')`,
};

const badNetModule = `import { Net } from "./net.ts";
import { writeSync } from "node:fs";
import { crc32 } from "node:zlib";
function frameOf(text) {
  const frame = Buffer.alloc(8 + text.length);
  frame.writeUInt32BE(text.length, 0);
  frame.writeUInt32BE(crc32(text), 4);
  frame.write(text, 8);
  return frame;
}
${Object.entries(badNets)
  .map(([name, { body }]) => `export class ${name} extends Net {\n  ${body}\n}`)
  .join("\n")}
${Object.entries(forgedMessages)
  .map(
    ([name, message]) =>
      `export class ${name} extends Net { info() { writeSync(3, ${message}); return {}; }\n${slowSaving} }`,
  )
  .join("\n")}
export class NoNetAtAll { constructor({ width, layers }) {} forward(data) { return data; } info() { return {}; } }
`;

describe("a bad pipeline module", () => {
  let workspace: Workspace;
  let finished: Finished;

  beforeAll(async () => {
    workspace = await openWorkspace({ "bad.js": badNetModule });
    const sections: Record<string, Options> = { DATA: data, GOOD: net };
    for (const name of [...Object.keys(badNets), ...Object.keys(forgedMessages), "NoNetAtAll"]) {
      sections[`BAD_${name}`] = { type: "net", class: name, path_to_class: "./bad.js", width: "2, 3", layers: 0 };
      // A good one after each bad one: it must not suffer from its neighbour.
      sections[`GOOD_${name}`] = { ...net, width: 2, layers: 0 };
    }
    await workspace.write("config.ini", config({ monitor: { nb_processus: 2 }, sections }));
    finished = await workspace.run("run", "config.ini", "or.db");
  });
  afterAll(() => workspace.close());

  const runsOf = (description: string) =>
    workspace.query("or.db", "SELECT * FROM runs JOIN run_details USING (run_id) WHERE pipeline LIKE ?", description);

  test.each(Object.entries(badNets))(
    "%s: its runs are errors with the user's stack, in the log too",
    async (name, { says, line }) => {
      const runs = runsOf(`%| ${name}(%`);
      expect(runs).toHaveLength(2);
      for (const { run_id, status, return_status, attempts } of runs) {
        expect(status).toBe("error");
        expect(return_status).toMatch(says);
        if (line !== undefined) expect(return_status).toMatch(line);
        expect(attempts).toBe(0);
        expect(await workspace.read(`.runs/or/output_${run_id}.log`)).toContain(String(return_status));
      }
    },
  );

  test.each(Object.keys(forgedMessages))("%s: its runs alone are errors, and the supervisor goes on", (name) => {
    const runs = runsOf(`%| ${name}(%`);
    expect(runs).toHaveLength(2);
    for (const { status, return_status } of runs) {
      expect(status).toBe("error");
      expect(return_status).toMatch(/^a module has sent a message of its own to the supervisor/);
    }
  });

  test("without the methods of the contract is told which it lacks", () => {
    expect(runsOf("%NoNetAtAll%")[0]?.return_status).toMatch(
      /NoNetAtAll \(\.\/bad\.js\): it has no method saveModel, loadModel, parameters; extending nn\.Module gives/,
    );
  });

  test("does no harm to the others", () => {
    const good = runsOf("%| Net(%");
    expect(good).toHaveLength(Object.keys({ ...badNets, ...forgedMessages }).length + 2);
    expect(good.map(({ status }) => status)).toEqual(good.map(() => "done"));
    expect(good.map(({ attempts }) => attempts)).toEqual(good.map(() => 0));
    expect(finished.stderr).not.toContain("its worker died");
  });

  test("makes the exit code 1, and the message says which run failed why", () => {
    expect(finished.code, finished.stderr).toBe(1);
    expect(finished.stderr).toContain("failed: RangeError: out of forward  Data() | ThrowsInForward(2,0)");
    expect(finished.stdout).toMatch(/ThrowsInForward\(2,0\) +0 \(\+1 failed\)/);
  });
});

const badData: Readonly<Record<string, { readonly body: string; readonly says: RegExp }>> = {
  ThrowsInPrepare: {
    body: `async prepare() { throw new Error("no data today"); }`,
    says: /^Error: no data today\n.*ThrowsInPrepare\.prepare \(.*bad-data\.js/s,
  },
  PreparesNumber: {
    body: `prepare() { return 3; }`,
    says: /prepare of the last data module must return two DataLoaders, \[train, test\]; it returned 3/,
  },
  PreparesOneLoader: {
    body: `async prepare(...args) { return [(await super.prepare(...args))[0]]; }`,
    says: /it returned an array of 1: an object of LoggingLoader/,
  },
  PreparesPromises: {
    body: `prepare(...args) { return [super.prepare(...args), super.prepare(...args)]; }`,
    says: /it returned an array of 2: a Promise, a Promise/,
  },
  GivesNoBatchSize: {
    body: `info() { return { input_size: 2, output_size: 1 }; }`,
    says: /no info\(\) gives batch_size: return it from info\(\) of GivesNoBatchSize/,
  },
  EmptyTestSet: {
    body: `async prepare(...args) { const [train] = await super.prepare(...args); return [train, new DataLoader(new Subset(train.dataset, []))]; }`,
    says: /the evaluation loader holds no sample/,
  },
  DropsItsOnlyBatch: {
    body: `async prepare(...args) { const [train, test] = await super.prepare(...args); return [new DataLoader(train.dataset, { batchSize: 100, dropLast: true }), test]; }`,
    says: /the train loader drops its only batch: 8 samples are fewer than 100/,
  },
  NoTarget: {
    body: `async prepare(...args) { const [, test] = await super.prepare(...args); return [new DataLoader(new TensorDataset(zeros([4, 2]))), test]; }`,
    says: /the train loader gives 1 tensor a sample; features and a target are needed/,
  },
  TwoFeatures: {
    body: `async prepare(...args) { const three = new DataLoader(new TensorDataset(zeros([4, 2]), zeros([4, 2]), zeros([4, 1]))); return [three, three]; }`,
    says: /the loaders give 3 tensors a sample; two are needed, features and target/,
  },
};

test("a bad data module: its run is an error that says what is wrong", async () => {
  const workspace = await openWorkspace({
    "bad-data.js": `import { DataLoader, Subset, TensorDataset, zeros } from "@ml-mosaic/tensor";
import { Data } from "./data.ts";
${Object.entries(badData)
  .map(([name, { body }]) => `export class ${name} extends Data { ${body} }`)
  .join("\n")}`,
  });
  try {
    const sections: Record<string, Options> = { NET: net, DATA: data };
    for (const name of Object.keys(badData))
      sections[name] = { type: "data", class: name, path_to_class: "./bad-data.js" };
    await workspace.write("config.ini", config({ process: { artifacts: "none" }, sections }));
    const finished = await workspace.run("run", "config.ini", "or.db");
    expect(finished.code, finished.stderr).toBe(1);
    expect(workspace.exists(".runs")).toBe(false);
    const runs = workspace.query("or.db", "SELECT * FROM runs ORDER BY run_id");
    expect(runs[0]).toMatchObject({ status: "done", pipeline: "Data() | Net()" });
    for (const [index, [name, { says }]] of Object.entries(badData).entries()) {
      expect(runs[index + 1], name).toMatchObject({ status: "error", pipeline: `${name}() | Net()` });
      expect(runs[index + 1]?.return_status, name).toMatch(says);
    }

    // The same is found without training, all of it, and no database is made.
    const dry = await workspace.run("run", "config.ini", "dry.db", "--dry-run");
    expect(dry.code, dry.stderr).toBe(2);
    for (const { says } of Object.values(badData))
      expect(dry.stderr).toMatch(new RegExp(says.source.replace("^", ""), says.flags));
    expect(dry.stdout).toContain("9 pipelines of 10 cannot be constructed.");
    expect(workspace.exists("dry.db")).toBe(false);
  } finally {
    await workspace.close();
  }
});

test("a dry run finds bad pipeline modules, those that would end the process too, and goes through to the end", async () => {
  const workspace = await openWorkspace({ "bad.js": badNetModule });
  try {
    const names = Object.keys(badNets).filter((name) => !/SaveModel|Later/.test(name));
    const sections: Record<string, Options> = { DATA: data };
    for (const name of names)
      sections[`BAD_${name}`] = { type: "net", class: name, path_to_class: "./bad.js", width: 2, layers: 0 };
    await workspace.write("config.ini", config({ sections: { ...sections, NET: net } }));
    // In a process that is its own: they do what they can to end it.
    const dry = await workspace.start("run", "config.ini", "or.db", "--dry-run").finished;
    expect(dry.code, dry.stderr).toBe(2);
    for (const name of names) expect(dry.stderr).toContain(`Data() | ${name}(2,0): `);
    expect(dry.stderr).not.toContain("Net(2,0): ");
    expect(workspace.exists("or.db")).toBe(false);
    expect(workspace.exists(".runs")).toBe(false);
  } finally {
    await workspace.close();
  }
});

describe("what is refused before anything runs", () => {
  let workspace: Workspace;
  beforeEach(async () => {
    workspace = await openWorkspace();
  });
  afterEach(() => workspace.close());

  async function refused(netOptions: Options, process: Options = {}): Promise<string> {
    await workspace.write("config.ini", config({ process, sections: { DATA: data, NET: { ...net, ...netOptions } } }));
    const finished = await workspace.run("run", "config.ini", "or.db");
    expect(finished.code, finished.stderr).toBe(2);
    expect(finished.stdout).toBe("");
    expect(workspace.exists("or.db")).toBe(false);
    return finished.stderr;
  }

  test("a syntax error, with its line", async () => {
    await workspace.write("typed.ts", "export class Net {\n  x: number = ;\n}\n");
    await workspace.write("plain.js", "export class Net {\n  x = ;\n}\n");
    expect(await refused({ path_to_class: "./typed.ts" })).toMatch(
      /config\.ini:\d+.*typed\.ts cannot be loaded: .*typed\.ts:2\)/s,
    );
    expect(await refused({ path_to_class: "./plain.js" })).toMatch(/plain\.js cannot be loaded: .*plain\.js:2\)/s);
  });

  test("a file that fails when it is loaded, with its line", async () => {
    await workspace.write("fails.ts", 'export class Net {}\nthrow new Error("not on this machine");\n');
    expect(await refused({ path_to_class: "./fails.ts" })).toMatch(
      /fails\.ts cannot be loaded: not on this machine \(.*fails\.ts:2\)/,
    );
    await workspace.write("imports.ts", 'import "./nowhere.ts";\nexport class Net {}\n');
    expect(await refused({ path_to_class: "./imports.ts" })).toMatch(
      /imports\.ts cannot be loaded: Cannot find module .*nowhere\.ts/,
    );
  });

  test("a class that is not there, with the nearest name", async () => {
    expect(await refused({ class: "Nett" })).toMatch(/net\.ts exports no class Nett; did you mean Net\?/);
  });

  test("a package that is not installed", async () => {
    expect(await refused({ path_to_class: "no-such-package" })).toMatch(/the package no-such-package cannot be loaded/);
  });

  test("a wrong value of an option that the class's schema knows, and an unknown option", async () => {
    await workspace.write(
      "schema.ts",
      `import { int, schema } from "@ml-mosaic/configurable";
import { Net } from "./net.ts";
export class Checked extends Net { static readonly configSchema = { width: schema(int), input_size: schema(int), output_size: schema(int) }; }`,
    );
    const message = await refused({ class: "Checked", path_to_class: "./schema.ts", width: "2, wide", widht: 3 });
    expect(message).toMatch(/config\.ini:\d+.*wide/);
    expect(message).toMatch(/config\.ini:\d+.*widht/);
  });

  test("an own loss that is not there", async () => {
    await workspace.write("loss.ts", "export class OwnLoss { forward() {} }");
    const message = await refused({}, { class_loss_function: "OwnLos", path_to_class_loss_function: "./loss.ts" });
    expect(message).toMatch(/loss\.ts exports no class OwnLos; did you mean OwnLoss\?/);
  });
});
