/** Data, models and losses made for a Trainer's file, as modules of an experiment. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { config, type Options, openWorkspace, type Workspace } from "./workspace.ts";

const parts = `
import { component, configurable, float, int, register, schema } from "@ml-mosaic/configurable";
import { cat, DataLoader, Generator, nn, randn, type Sample, tensor, type Tensor, TensorDataset } from "@ml-mosaic/tensor";
import { BaseData, BaseLoss, BaseModel, type DataContext, type DataLoaders } from "@ml-mosaic/training";

class Folds extends configurable({ k: schema(int, { default: 3 }), first: schema(int, { default: 0 }) }) {}

/** a, b and a + fold * b, of which a third is tested in each fold. */
export class Sums extends configurable({ size: schema(int, { default: 12 }), folds: schema(component(Folds), { default: {} }) }, BaseData) {
  static override readonly aliases = ["sums"];
  override splitCount(): number { return this.folds.k; }
  override loaders({ split, batchSize, generator }: DataContext): DataLoaders {
    console.log("loaders", JSON.stringify({ split, batchSize, ...this.folds }));
    const [a, b] = [randn([this.size, 2], { generator }), randn([this.size, 2], { generator })];
    const set = new TensorDataset(a, b, a.add(b.mul(split)).sum(1, true));
    return { train: new DataLoader(set, { batchSize, shuffle: true }), valid: new DataLoader(set, { batchSize }), test: new DataLoader(set, { batchSize }) };
  }
  override close(): void { console.log("closed"); }
}
register(Sums);

/** Samples that come one after the other, and a validation set only. */
export class Stream extends configurable({}, BaseData) {
  override loaders({ batchSize }: DataContext): DataLoaders {
    const dataset = {
      *iterate(generator: Generator): Iterable<Sample> {
        for (let i = 0; i < 10; i++) {
          const x = generator.uniform(-1, 1);
          yield [tensor([x, 1]), tensor([1, x]), tensor([3 * x])];
        }
      },
    };
    return { train: new DataLoader(dataset, { batchSize }), valid: new DataLoader(dataset, { batchSize }) };
  }
}
register(Stream);

/** Two predictions, of which the last counts. */
export class Two extends configurable({ width: schema(int, { default: 4 }) }, BaseModel) {
  static override readonly aliases = ["two"];
  readonly first = new nn.Linear(2, this.width);
  readonly early = new nn.Linear(this.width, 1);
  readonly last = new nn.Linear(2 + this.width, 1);
  override forward(a: Tensor, b: Tensor): readonly Tensor[] {
    const hidden = this.first.forward(a).tanh();
    return [this.early.forward(hidden), this.last.forward(cat([hidden, b], 1))];
  }
}
register(Two);

/** Of one prediction. */
export class Scaled extends configurable({ scale: schema(float, { default: 1 }) }, BaseLoss) {
  static override readonly aliases = ["scaled"];
  override forward(prediction: Tensor, target: Tensor): Tensor {
    const distance = prediction.sub(target);
    return distance.mul(distance).mean().mul(this.scale);
  }
}
register(Scaled);
`;

let workspace: Workspace;
beforeEach(async () => {
  workspace = await openWorkspace({ "parts.ts": parts });
});
afterEach(() => workspace.close());

const part = (type: string, name: string, options: Options = {}): Options => ({
  type,
  class: name,
  path_to_class: "./parts.ts",
  ...options,
});
const loss: Options = { class_loss_function: "scaled", path_to_class_loss_function: "./parts.ts" };

async function run(sections: Readonly<Record<string, Options>>, process: Options = loss) {
  await workspace.write("config.ini", config({ process: { epochs: 3, ...process }, sections }));
  return workspace.run("run", "config.ini", "or.db");
}

test("makes a run of every fold, with options of inner components, of data of several inputs and a model of several predictions", async () => {
  const finished = await run({
    DATA: part("data", "sums", { size: 10, "folds.k": 3, "folds.first": 7, fold: "{1-3}", batch_size: 4 }),
    NET: part("net", "two", { width: "2, 5" }),
  });
  expect(finished.code, finished.stderr).toBe(0);
  expect(workspace.statuses("or.db")).toEqual(Array.from({ length: 6 }, () => "done"));
  const seen: unknown[] = [];
  for (let runId = 1; runId <= 6; runId++) {
    const log = await workspace.read(`.runs/or/output_${runId}.log`);
    seen.push(JSON.parse(/^loaders (.*)$/m.exec(log)?.[1] ?? ""));
    // A worker lives for many runs: each gives back what it has opened.
    expect(log.match(/^closed$/gm)).toHaveLength(1);
  }
  const told = (split: number) => ({ split, batchSize: 4, k: 3, first: 7 });
  expect(seen).toHaveLength(6);
  for (const split of [0, 1, 2])
    expect(seen.filter((each) => JSON.stringify(each) === JSON.stringify(told(split)))).toHaveLength(2);
  const losses = workspace.history("or.db").map(({ test_loss }) => Number(test_loss));
  expect(losses).toHaveLength(18);
  expect(losses.every(Number.isFinite)).toBe(true);
  // Each run has other data or another model.
  expect(new Set(losses).size).toBe(18);

  // The runs of all folds are one line of the summary.
  expect(finished.stdout).toContain("All with sums(10,3,7,4)\n");
  const final = workspace.query(
    "or.db",
    "SELECT test_loss FROM history WHERE epoch = (SELECT max(epoch) FROM history) ORDER BY run_id",
  );
  for (const [place, width] of [2, 5].entries()) {
    const ofModel = final.map((row) => Number(row.test_loss)).filter((_, run) => run % 2 === place);
    const mean = ofModel.reduce((sum, value) => sum + value, 0) / ofModel.length;
    expect(ofModel).toHaveLength(3);
    expect(finished.stdout).toMatch(
      new RegExp(`^two\\(${width}\\) +\\d+ +3 +${mean.toPrecision(4).replace(".", "\\.")} `, "m"),
    );
  }

  // Folds share training data: the runs are not so many independent results.
  const compared = await workspace.run("compare", "or.db");
  expect(compared.code, compared.stderr).toBe(0);
  expect(compared.stdout).toContain("3-fold cross-validation");
  expect(compared.stdout).toMatch(/^[12]\. {2}two\(5\) .* 3 {2}0$/m);
  expect(compared.stdout).toContain(
    "Folds share their training data: intervals and verdicts count them as correlated (1/3)",
  );
});

test("trains by a loss of one's own as by the same one that is built in", async () => {
  const sections = { DATA: part("data", "Sums", { fold: 2, batch_size: 4 }), NET: part("net", "Two") };
  expect((await run(sections)).code).toBe(0);
  const plain = workspace.history("or.db").map(({ test_loss }) => Number(test_loss));
  await workspace.write("config.ini", config({ process: { epochs: 3, loss_function: "MSELoss" }, sections }));
  const builtIn = await workspace.run("run", "config.ini", "mse.db");
  expect(builtIn.code, builtIn.stderr).toBe(0);
  // scale is 1: the same loss.
  expect(workspace.history("mse.db").map(({ test_loss }) => Number(test_loss))).toEqual(
    plain.map((value) => expect.closeTo(value, 5)),
  );
});

test.each([
  ["4", "fold is 4; the data have 3 splits, so it is 1 to 3"],
  ["0", "fold is 0; the data have 3 splits, so it is 1 to 3"],
  ["one", 'fold: expected an integer, got "one"'],
])("says what works where fold is %s", async (fold, message) => {
  const finished = await run({ DATA: part("data", "Sums", { fold }), NET: part("net", "Two") });
  expect(finished.code).not.toBe(0);
  expect(finished.stderr + finished.stdout + JSON.stringify(statuses())).toContain(message);
});

/** What the runs say of themselves. */
function statuses(): readonly unknown[] {
  return workspace.exists("or.db") ? workspace.query("or.db", "SELECT return_status FROM runs") : [];
}

test("streams data, and evaluates the validation set where there is no test set", async () => {
  const finished = await run({ DATA: part("data", "Stream", { batch_size: 5 }), NET: part("net", "Two") });
  expect(finished.code, finished.stderr + JSON.stringify(statuses())).toBe(0);
  const losses = workspace.history("or.db").map(({ test_loss }) => Number(test_loss));
  expect(losses).toHaveLength(3);
  expect(losses[2]).toBeLessThan(losses[0] ?? 0);
});

test("tries folds and options before it runs", async () => {
  const sections = {
    DATA: part("data", "sums", { "folds.k": 3, fold: "{1-3}", batch_size: 4 }),
    NET: part("net", "two", { width: "2, 5" }),
  };
  await workspace.write("config.ini", config({ process: { epochs: 3, ...loss }, sections }));
  const planned = await workspace.run("run", "config.ini", "or.db", "--dry-run");
  expect(planned.code, planned.stderr).toBe(0);
  expect(planned.stdout).toContain("All 6 pipelines can be constructed. Nothing was trained.\n");
  // Each is built, and what its modules print is none of a plan's business.
  expect(planned.stdout).not.toContain('"split"');
  expect(workspace.exists("or.db")).toBe(false);
});

test("tells what is wrong with options of inner components", async () => {
  const finished = await run({
    DATA: part("data", "Sums", { "folds.k": "many", "folds.frist": 1 }),
    NET: part("net", "Two", { width: "wide" }),
  });
  expect(finished.code).not.toBe(0);
  const text = finished.stderr + finished.stdout + JSON.stringify(statuses());
  expect(text).toContain("folds.k: expected an integer, got");
  expect(text).toContain("did you mean");
});

test("trains on a file of data without a class of one's own, and says at once what is wrong with it", async () => {
  const rows = Array.from({ length: 40 }, (_, row) => `${row % 7},${row % 5},${(row % 7) + (row % 5)}`);
  await workspace.write("sums.csv", `a,b,sum\n${rows.join("\n")}\n`);
  await workspace.write("net.ts", linear);
  const data: Options = {
    type: "data",
    class: "file",
    path_to_class: "ml-mosaic",
    path: "./sums.csv",
    input: '"a, b"',
  };
  const net: Options = { type: "net", class: "Linear", path_to_class: "./net.ts" };
  const attempt = async (options: Options) => {
    await workspace.write(
      "config.ini",
      config({ process: { epochs: 3, ...mse }, sections: { DATA: { ...data, ...options }, NET: net } }),
    );
    return workspace.run("run", "config.ini", "sums.db");
  };
  const wrong = await attempt({ target: "sum", valid: 2, missing: "maybe" });
  expect(wrong.code).not.toBe(0);
  expect(wrong.stderr).toMatch(/valid/);
  expect(wrong.stderr).toMatch(/missing/);
  const finished = await attempt({ target: "sum", "types.sum": "float32", valid: 0.25, batch_size: 8 });
  expect(finished.code, finished.stderr).toBe(0);
  const losses = workspace.history("sums.db").map(({ test_loss }) => Number(test_loss));
  expect(losses).toHaveLength(3);
  expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
});

const mse: Options = { loss_function: "MSELoss", lr: "1e-2" };
const linear = `
import { nn, type Tensor } from "@ml-mosaic/tensor";
export class Linear extends nn.Module {
  readonly linear = new nn.Linear(2, 1);
  forward(x: Tensor): Tensor { return this.linear.forward(x); }
  info() { return {}; }
}
`;
