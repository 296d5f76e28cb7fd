/** Metrics of a configuration: computed every epoch, stored, ranked, drawn, exported, selected by, watched. */
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ConfigParts, config, data, net, openWorkspace, type Workspace } from "./workspace.ts";

/** The mean of what is predicted: what a user would write. */
const ownMetric = `
import { full, type metrics } from "@ml-mosaic/tensor";
import { configurable, register } from "@ml-mosaic/configurable";
import { BaseMetric } from "@ml-mosaic/training";

class Distance extends configurable({}, BaseMetric) {
  static override readonly aliases = ["distance"];
  override build(): metrics.Metric {
    return {
      name: "distance",
      direction: "lower",
      join: "sum",
      step: (prediction, target) => ({ sum: prediction.sub(target).abs().sum(), count: full([], target.numel) }),
      result: ({ sum, count }) => (sum?.[0] ?? 0) / (count?.[0] ?? 0),
    };
  }
}
register(Distance);
`;

let workspace: Workspace;

beforeEach(async () => {
  workspace = await openWorkspace({ "distance.ts": ownMetric });
});
afterEach(() => workspace.close());

const sections = { DATA: { ...data, size: 12 }, NET: { ...net, width: "2, 3" } };
const process = {
  epochs: 3,
  imports: "./distance.ts",
  metrics: "accuracy(threshold=0.5), f1(average=none), mae, distance",
};

async function write(parts: Partial<ConfigParts> = {}): Promise<void> {
  await workspace.write("config.ini", config({ sections, process, monitor: { multiplicity: 2 }, ...parts }));
}

async function succeed(...args: readonly string[]) {
  const finished = await workspace.run(...args);
  expect(finished.code, finished.stderr).toBe(0);
  return finished.stdout;
}

const figures = ["accuracy", "distance", "f1_per_class_0", "f1_per_class_1", "mean_absolute_error"];
const names = ["test", "train"].flatMap((set) => figures.map((name) => `${set}_${name}`));

const metricsOf = (runId: number) =>
  Object.fromEntries(
    workspace
      .query("or.db", `SELECT name, value FROM run_metrics WHERE run_id = ${runId}`)
      .map(({ name, value }) => [name, value]),
  );

describe("metrics", () => {
  beforeEach(async () => {
    await write();
    await succeed("run", "config.ini", "or.db");
  });

  test("are stored with the run and with every epoch, of both sets", async () => {
    const stored = workspace.query("or.db", "SELECT DISTINCT name FROM run_metrics ORDER BY name");
    expect(stored.map(({ name }) => name)).toEqual(names);
    expect(workspace.query("or.db", "SELECT name, direction FROM metrics ORDER BY name")).toMatchObject([
      { name: "accuracy", direction: "higher" },
      { name: "distance", direction: "lower" },
      { name: "f1_per_class", direction: "higher" },
      { name: "mean_absolute_error", direction: "lower" },
    ]);
    const epochs = workspace.query("or.db", "SELECT metrics FROM history WHERE run_id = 1 ORDER BY epoch");
    expect(epochs).toHaveLength(3);
    expect(JSON.parse(String(epochs.at(-1)?.metrics))).toEqual(metricsOf(1));
    // Both of these are the same figure, by two ways; the two sets hold the same samples here.
    const { test_distance, test_mean_absolute_error, test_accuracy, train_accuracy } = metricsOf(1);
    expect(test_distance).toBe(test_mean_absolute_error);
    expect(train_accuracy).toBe(test_accuracy);
    const [row] = workspace.query("or.db", "SELECT test_acc FROM run_results WHERE run_id = 1");
    expect(100 * Number(test_accuracy)).toBeCloseTo(Number(row?.test_acc), 10);
    expect(await readFile(workspace.path(".runs/or/run_info_1.mdt"), "utf8")).toContain("test_distance = ");
  });

  test("change nothing of the training", async () => {
    const { metrics: _, ...others } = process;
    await write({ process: others });
    await succeed("run", "config.ini", "without.db");
    const results = "SELECT run_id, train_loss, test_loss, train_acc, test_acc FROM run_results ORDER BY run_id";
    expect(workspace.query("or.db", results)).toEqual(workspace.query("without.db", results));
  });

  test("are ranked, drawn, exported and selected by, also where their classes are gone", async () => {
    await workspace.write("distance.ts", "throw new Error('nobody loads this');");
    const ranking = await succeed("compare", "or.db", "distance");
    expect(ranking).toContain("test_distance, lower is better");
    expect(ranking).toContain("The models are ranked on the test set.");
    expect(await succeed("compare", "or.db", "train_accuracy")).toContain("train_accuracy, higher is better");
    const unknown = await workspace.run("compare", "or.db", "test_distanc");
    expect(unknown.stderr).toContain("Known ones, the nearest first: test_distance");
    for (const args of [
      ["metaplot", "or.db", "plot.csv", "DATA", "f1_per_class_1"],
      ["perfanalysis", "or.db", "models.pdf"],
      ["perfanalysis", "or.db", "models.csv"],
      ["pareto", "or.db", "front.csv", "train_distance", "distance"],
      ["parallel", "or.db", "options.csv", "accuracy"],
      ["importance", "or.db", "importance.csv", "distance"],
    ])
      await succeed(...args);
    expect(await readFile(workspace.path("plot.csv"), "utf8")).toContain("test_f1_per_class_1");
    expect((await readFile(workspace.path("models.csv"), "utf8")).split("\n")[0]).toContain(names.join(","));
    await succeed("export", "or.db", "out.csv");
    const [header = ""] = (await readFile(workspace.path("out.csv"), "utf8")).split("\n");
    expect(header).toMatch(new RegExp(`slope,${names.join(",")},tags,note$`));
    await succeed("export", "or.db", "out.json");
    expect(JSON.parse(await readFile(workspace.path("out.json"), "utf8"))[0]).toMatchObject(metricsOf(1));
    const [epochs = ""] = (await readFile(workspace.path("out.history.csv"), "utf8")).split("\n");
    expect(epochs).toBe(`run_id,epoch,train_loss,test_loss,train_acc,test_acc,lr,seconds,${names.join(",")}`);
    const shown = JSON.parse(await succeed("show", "or.db", "1", "--json"));
    expect(shown.results).toMatchObject(metricsOf(1));
    expect(shown.history[2]).toMatchObject({ test_distance: metricsOf(1).test_distance });
    const distance = String(metricsOf(1).test_distance);
    await succeed("plotloss", "or.db", "losses.csv", "-param_name_and_value", "distance", distance);
    expect(await readFile(workspace.path("losses.csv"), "utf8")).toMatch(/\n1,done/);
  });

  test("go on through a rerun; what they were before is kept", async () => {
    const before = metricsOf(1);
    await succeed("rerun", "config.ini", "or.db", "-id", "1", "-epochs", "2");
    const kept = workspace.query("or.db", "SELECT name, value FROM earlier_metrics WHERE run_id = 1");
    expect(Object.fromEntries(kept.map(({ name, value }) => [name, value]))).toEqual(before);
    expect(Object.keys(metricsOf(1)).sort()).toEqual(names);
    const epochs = workspace.query("or.db", "SELECT 1 FROM history WHERE run_id = 1 AND metrics IS NOT NULL");
    expect(epochs).toHaveLength(5);
  });
});

test("early stopping watches one", async () => {
  const stopping = { early_stopping: "True", "early_stopping.monitor": "accuracy", "early_stopping.patience": 0 };
  // With a learning rate of next to nothing accuracy stays as it is, while the loss falls.
  await write({ process: { ...process, epochs: 20, lr: "1e-9", ...stopping } });
  await succeed("run", "config.ini", "or.db");
  expect(workspace.query("or.db", "SELECT DISTINCT epochs FROM run_results")).toMatchObject([{ epochs: 2 }]);
});

test.each([
  ["metrics", "acuracy", "accuracy"],
  ["metrics", "accuracy, accuracy(threshold=0)", "label"],
  ["metrics", "f1(label=loss)", "test_loss"],
  ["metrics", "f1(averag=macro)", "average"],
  ["early_stopping.monitor", "f2", "f2"],
])("%s = %s is refused before anything runs", async (option, value, hint) => {
  await write({ process: { ...process, early_stopping: "True", [option]: value } });
  const { code, stderr } = await workspace.run("run", "config.ini", "or.db");
  expect(code).toBe(2);
  expect(stderr).toContain(hint);
  expect(workspace.exists("or.db")).toBe(false);
});
