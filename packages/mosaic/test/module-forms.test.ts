import { afterEach, beforeEach, expect, test } from "vitest";
import { config, data, net, type Options, openWorkspace, type Workspace } from "./workspace.ts";

let workspace: Workspace;

beforeEach(async () => {
  workspace = await openWorkspace();
});
afterEach(() => workspace.close());

async function train(sections: Readonly<Record<string, Options>>, process: Options = {}) {
  await workspace.write("config.ini", config({ process, sections: { DATA: data, ...sections } }));
  const finished = await workspace.run("run", "config.ini", "or.db");
  const errors = workspace.query("or.db", "SELECT pipeline, return_status FROM runs WHERE status <> 'done'");
  expect(errors).toEqual([]);
  expect(finished.code, finished.stderr).toBe(0);
  return finished;
}
const logOf = async (runId: number) => (await workspace.read(`.runs/or/output_${runId}.log`)).split("\n");

test("gives constructors their options in every form that a class can have", async () => {
  await workspace.write(
    "forms.ts",
    `import { boolean, float, int, schema, string } from "@ml-mosaic/configurable";
import { Net } from "./net.ts";
const tell = (name: string, value: unknown) => console.log("got", name, JSON.stringify(value));
const sizes = { input_size: 2, output_size: 1, width: 2 };
const options = { width: schema(int), rate: schema(float, { default: 0.5 }), flag: schema(boolean), title: schema(string), input_size: schema(int) };
export class Schema extends Net {
  static readonly configSchema = options;
  constructor(values: Record<string, unknown>) { super(sizes); tell("Schema", values); }
}
export class InheritsSchema extends Schema {}
export class Destructured extends Net {
  constructor({ width, rate = 0.25, flag, title, input_size }: Record<string, unknown>) {
    super(sizes); tell("Destructured", { width, rate, flag, title, input_size });
  }
}
export class InheritsConstructor extends Destructured {}
export class Whole extends Net {
  constructor(values: Record<string, unknown>) {
    super(sizes); tell("Whole", { width: values.width, flag: values.flag, title: values.title, all: JSON.parse(JSON.stringify(values)) });
  }
}
export class Rest extends Net {
  constructor({ width, ...rest }: Record<string, unknown>) { super(sizes); tell("Rest", { width, rest }); }
}
export class NoParameters extends Net { constructor() { super(sizes); tell("NoParameters", null); } }
export default class ByDefault extends Net { constructor() { super(sizes); tell("ByDefault", null); } }
`,
  );
  const names = ["Schema", "InheritsSchema", "Destructured", "InheritsConstructor", "Whole", "Rest"];
  const sections: Record<string, Options> = {};
  for (const name of names)
    sections[name] = { type: "net", class: name, path_to_class: "./forms.ts", width: 3, flag: "True", title: '"a, b"' };
  for (const name of ["NoParameters", "ByDefault"])
    sections[name] = { type: "net", class: name, path_to_class: "./forms.ts" };
  await train(sections);
  const got: Record<string, unknown> = {};
  for (let runId = 1; runId <= 8; runId++) {
    const line = (await logOf(runId)).find((each) => each.startsWith("got "));
    const [, name = "", ...value] = line?.split(" ") ?? [];
    got[`${runId} ${name}`] = JSON.parse(value.join(" "));
  }
  const own = { width: 3, flag: true, title: "a, b" };
  expect(got).toEqual({
    "1 Schema": { ...own, rate: 0.5, input_size: 2 },
    "2 Schema": { ...own, rate: 0.5, input_size: 2 },
    "3 Destructured": { ...own, rate: 0.25, input_size: 2 },
    "4 Destructured": { ...own, rate: 0.25, input_size: 2 },
    "5 Whole": { ...own, all: { batch_size: 4, input_size: 2, output_size: 1, ...own } },
    "6 Rest": { width: 3, rest: { batch_size: 4, input_size: 2, output_size: 1, flag: true, title: "a, b" } },
    "7 NoParameters": null,
    "8 ByDefault": null,
  });
});

test("gives modules what is known of the run, and their own options", async () => {
  await workspace.write(
    "curious.ts",
    `import { Net } from "./net.ts";
let told = false;
export class Curious extends Net {
  forward(x: never, runInfo?: object, moduleInfo?: object) {
    if (!told) console.log("info", JSON.stringify([runInfo, moduleInfo]));
    told = true;
    return super.forward(x);
  }
}`,
  );
  await train({ NET: { type: "net", class: "Curious", path_to_class: "./curious.ts", width: 2, layers: 0 } });
  const line = (await logOf(1)).find((each) => each.startsWith("info "));
  expect(JSON.parse(line?.slice(5) ?? "")).toEqual([
    { run_id: 1, device: "cpu", seed: expect.any(Number), repetition: 0, batch_size: 4, input_size: 2, output_size: 1 },
    { width: 2, layers: 0 },
  ]);
});

test("takes modules from an npm package beside the configuration", async () => {
  await workspace.write(
    "node_modules/fake-models/package.json",
    JSON.stringify({
      name: "fake-models",
      version: "1.2.3",
      type: "module",
      exports: { ".": "./index.js", "./more": "./more.js" },
    }),
  );
  await workspace.write(
    "node_modules/fake-models/index.js",
    `import { nn } from "@ml-mosaic/tensor";
export class Packaged extends nn.Module {
  constructor({ input_size, output_size }) { super(); this.layer = new nn.Linear(input_size, output_size); }
  forward(x) { return this.layer.forward(x); }
  info() { return {}; }
}`,
  );
  await workspace.write("node_modules/fake-models/more.js", `export { Packaged as More } from "./index.js";`);
  await train({
    NET: { type: "net", class: "Packaged", path_to_class: "fake-models" },
    MORE: { type: "net", class: "More", path_to_class: "fake-models/more" },
  });
  expect(workspace.exists(".runs/or/model_Packaged_1.safetensors")).toBe(true);
  // A new version is another module.
  const unchanged = await workspace.run("run", "config.ini", "or.db", "--continue");
  expect(unchanged.stderr).toContain("2 runs done before, 0 unfinished taken up, 0 new");
  await workspace.write(
    "node_modules/fake-models/package.json",
    JSON.stringify({
      name: "fake-models",
      version: "1.2.4",
      type: "module",
      exports: { ".": "./index.js", "./more": "./more.js" },
    }),
  );
  const changed = await workspace.run("run", "config.ini", "or.db", "--continue");
  expect(changed.stderr).toContain("0 runs done before, 0 unfinished taken up, 2 new");
});

test("trains several stages, of one class too, one of them no nn.Module, and keeps a file of each", async () => {
  await workspace.write(
    "scale.js",
    `import { nn, parameter } from "@ml-mosaic/tensor";
import { writeFile } from "node:fs/promises";
export class Plain {
  constructor({ output_size }) { this.inner = new nn.Linear(output_size, output_size); }
  forward(x) { return this.inner.forward(x); }
  info() { return {}; }
  parameters() { return this.inner.parameters(); }
  async saveModel(path) { await writeFile(path + ".txt", "weights"); await writeFile(path + ".json", "{}"); }
  async loadModel() {}
}
export class Wide extends nn.Module {
  constructor({ input_size, units }) { super(); this.units = units; this.layer = new nn.Linear(input_size, units); }
  forward(x) { return this.layer.forward(x).tanh(); }
  info() { return { input_size: this.units }; }
}`,
  );
  await train(
    {
      ONE: { type: "one", class: "Wide", path_to_class: "./scale.js", units: 5 },
      TWO: { type: "two", class: "Wide", path_to_class: "./scale.js", units: 3 },
      NET: { ...net, width: 2, layers: 0 },
      LAST: { type: "last", class: "Plain", path_to_class: "./scale.js" },
    },
    { pipeline_scheme: "one, two, net, last" },
  );
  const [result] = workspace.query("or.db", "SELECT nb_params FROM run_results");
  // 2-5, 5-3, then 3-2-1, and 1-1: all are trained, each takes its own option and the info() before it.
  expect(result?.nb_params).toBe(15 + 18 + 11 + 2);
  const files = (await workspace.list(".runs/or")).filter(
    (name) => name.startsWith("model_") && !name.endsWith(".onnx"),
  );
  expect(files.sort()).toEqual([
    "model_Net_1.safetensors",
    "model_Plain_1.json",
    "model_Plain_1.txt",
    "model_Wide_one_1.safetensors",
    "model_Wide_two_1.safetensors",
  ]);
  expect(await workspace.read(".runs/or/model_Wide_one_1.safetensors")).toContain("[5,2]");
  expect(await workspace.read(".runs/or/model_Wide_two_1.safetensors")).toContain("[3,5]");
});

test("trains with a loss of the user's own", async () => {
  await workspace.write(
    "loss.ts",
    `import type { Tensor } from "@ml-mosaic/tensor";
export class Quartic { forward(prediction: Tensor, target: Tensor) { return prediction.sub(target).pow(4).mean(); } }
export class Number { forward() { return 1; } }`,
  );
  const own = { class_loss_function: "Quartic", path_to_class_loss_function: "./loss.ts" };
  await train({ NET: { ...net, width: 2, layers: 0 } }, own);
  const quartic = workspace.history("or.db");
  await workspace.write("config.ini", config({ sections: { DATA: data, NET: { ...net, width: 2, layers: 0 } } }));
  await workspace.run("run", "config.ini", "squared.db");
  expect(quartic[0]?.train_loss).not.toBe(workspace.history("squared.db")[0]?.train_loss);

  await workspace.write(
    "config.ini",
    config({ process: { ...own, class_loss_function: "Number" }, sections: { DATA: data, NET: net } }),
  );
  expect((await workspace.run("run", "config.ini", "number.db")).code).toBe(1);
  expect(workspace.query("number.db", "SELECT return_status FROM runs")[0]?.return_status).toMatch(
    /forward of the loss Number must return a Tensor at once, it returned 1/,
  );
});

test("makes an axis of a list in PROCESS, the slowest, in params and in the table", async () => {
  const finished = await train({ NET: { ...net, width: "2, 3", layers: 0 } }, { lr: "1e-2, 1e-3" });
  const runs = workspace.query(
    "or.db",
    "SELECT pipeline, param_value AS lr FROM runs JOIN params USING (run_id) WHERE param_name = 'lr' ORDER BY run_id",
  );
  expect(runs.map(({ pipeline, lr }) => [pipeline, lr])).toEqual([
    ["Data() | Net(2,0) | lr=1e-2", "1e-2"],
    ["Data() | Net(3,0) | lr=1e-2", "1e-2"],
    ["Data() | Net(2,0) | lr=1e-3", "1e-3"],
    ["Data() | Net(3,0) | lr=1e-3", "1e-3"],
  ]);
  for (const line of ["Net(2,0) | lr=1e-2", "Net(3,0) | lr=1e-3"]) expect(finished.stdout).toContain(line);
  const [row] = workspace.query("or.db", "SELECT param_value FROM params WHERE run_id = 3 AND param_name = 'pipeline'");
  expect(String(row?.param_value)).toContain(`{"type":"process","lr":"1e-3","name":"PROCESS"}]`);
  expect(workspace.history("or.db").map(({ lr }) => lr)).toEqual([0.01, 0.01, 0.01, 0.01, 0.001, 0.001, 0.001, 0.001]);
});

test("follows a scheduler, stops early, and writes no files with artifacts = none", async () => {
  await train(
    { NET: { ...net, width: 2, layers: 0 } },
    {
      lr: "1e-1",
      epochs: 20,
      artifacts: "none",
      scheduler: "StepLR",
      "scheduler.step_size": 2,
      "scheduler.gamma": "1e-9",
      early_stopping: "True",
      "early_stopping.patience": 2,
      "early_stopping.min_delta": "1e-4",
    },
  );
  const rates = workspace.history("or.db").map(({ lr }) => Number(lr));
  expect(rates.slice(0, 2)).toEqual([0.1, 0.1]);
  expect(rates[2]).toBeCloseTo(1e-10, 20);
  // From the third epoch on nothing changes any more: three epochs without improvement end it.
  expect(rates).toHaveLength(5);
  expect(workspace.query("or.db", "SELECT epochs FROM run_results")).toEqual([{ epochs: 5 }]);
  expect(workspace.exists(".runs")).toBe(false);
  expect(workspace.query("or.db", "SELECT * FROM artifacts")).toEqual([]);
});

test("trains a last, smaller batch: every sample counts", async () => {
  await workspace.write(
    "config.ini",
    config({
      process: { lr: "1e-30", epochs: 1, optimizer: "SGD" },
      sections: {
        DATA: { ...data, size: 7, batch_size: 4 },
        SAME: { ...data, size: 7, batch_size: 7 },
        NET: { ...net, width: 2 },
      },
    }),
  );
  expect((await workspace.run("run", "config.ini", "or.db")).code).toBe(0);
  const [four, seven] = workspace.history("or.db");
  // With weights that stand still, the mean over samples is the same however they are cut into batches.
  expect(Number(four?.train_loss)).toBeCloseTo(Number(seven?.train_loss), 6);
  expect(Number(four?.test_loss)).toBeCloseTo(Number(seven?.test_loss), 6);
  expect(four?.train_acc).toBe(seven?.train_acc);
});

test("keeps NaN as NaN: in the database, in the table, and the run is done", async () => {
  await workspace.write(
    "nan.ts",
    `import { Net } from "./net.ts";
export class Diverges extends Net { forward(x: never) { return super.forward(x).mul(0).log().mul(0); } }`,
  );
  const finished = await train({
    NAN: { type: "net", class: "Diverges", path_to_class: "./nan.ts", width: 2, layers: 0 },
    NET: { ...net, width: 2, layers: 0 },
  });
  const [nan] = workspace.query("or.db", "SELECT * FROM run_results WHERE run_id = 1");
  expect(nan).toMatchObject({ train_loss: "NaN", test_loss: "NaN", overfit: "NaN", trainability: "NaN", slope: "NaN" });
  expect(workspace.history("or.db").find(({ run_id }) => run_id === 1)).toMatchObject({
    train_loss: "NaN",
    test_loss: "NaN",
  });
  expect(workspace.query("or.db", "SELECT return_status FROM runs WHERE run_id = 1")[0]?.return_status).toMatch(
    /^train_loss=nan\ttest_loss=nan\t/,
  );
  const models = finished.stdout.trimEnd().split("\n").slice(3);
  expect(models[0]).toMatch(/^Net/);
  expect(models[1]).toMatch(/^Diverges\(2,0\) +9 +1 +NaN/);
  expect(finished.stderr).toContain("test loss NaN");
});
