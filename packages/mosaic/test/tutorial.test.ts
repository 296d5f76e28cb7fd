import type { Finished } from "@ml-mosaic/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tutorial, type Workspace } from "./workspace.ts";

describe("the tutorial", () => {
  let workspace: Workspace;
  let finished: Finished;

  beforeAll(async () => {
    workspace = await tutorial({ lr: "1e-2", epochs: "2" });
    finished = await workspace.run("run", "config.ini", "or.db");
  });
  afterAll(() => workspace.close());

  test("trains 24 runs: 2 architectures x 3 widths x 4 repetitions", () => {
    expect(finished.stderr).toMatch(/^24 runs: 6 pipelines x 4\n/);
    expect(workspace.statuses("or.db")).toEqual(new Array(24).fill("done"));
    expect(workspace.query("or.db", "SELECT count(*) AS n FROM history")).toEqual([{ n: 48 }]);
    expect(finished.code, finished.stderr).toBe(0);
  });

  test("ends with a table of the models on stdout and the next commands on stderr", () => {
    const lines = finished.stdout.trimEnd().split("\n");
    expect(lines[0]).toBe("All with DatasetOr(1,200,0.8)");
    expect(lines[1]).toMatch(/^model +parameters +runs +test loss +sd +test acc +time$/);
    expect(lines.slice(3)).toHaveLength(6);
    expect(lines.slice(3).every((line) => /^Mlp(Funnel|Brick)\(4,[234]\) +\d+ +4 +0\.\d+ +± \S+ /.test(line))).toBe(
      true,
    );
    const losses = lines.slice(3).map((line) => Number(line.split(/ +/)[3]));
    expect(losses).toEqual(losses.toSorted((a, b) => a - b));
    expect(finished.stderr).toContain("mosaic run config.ini or.db --continue");
  });

  test("names ways to look at the results, which work as printed", async () => {
    const printed = [...finished.stderr.matchAll(/^ {2}mosaic (compare|plotloss) (.*?) {3}/gm)];
    expect(printed.map((match) => match[1])).toEqual(["compare", "plotloss"]);
    for (const [, verb = "", rest = ""] of printed) {
      const looked = await workspace.run(verb, ...rest.split(" "));
      expect(looked.code, looked.stderr).toBe(0);
    }
    expect(await workspace.read("losses.pdf")).toMatch(/^%PDF/);
  });

  test("has the parameters of mosaic.md at length 4", () => {
    const counts = workspace.query(
      "or.db",
      "SELECT DISTINCT pipeline, nb_params FROM runs JOIN run_results USING (run_id) ORDER BY run_id",
    );
    expect(counts.map(({ pipeline, nb_params }) => [pipeline, nb_params])).toEqual([
      ["DatasetOr(1,200,0.8) | MlpFunnel(4,2)", 29],
      ["DatasetOr(1,200,0.8) | MlpFunnel(4,3)", 52],
      ["DatasetOr(1,200,0.8) | MlpFunnel(4,4)", 74],
      ["DatasetOr(1,200,0.8) | MlpBrick(4,2)", 27],
      ["DatasetOr(1,200,0.8) | MlpBrick(4,3)", 49],
      ["DatasetOr(1,200,0.8) | MlpBrick(4,4)", 77],
    ]);
  });

  test("writes its params, one row for each option", () => {
    const params = workspace.query(
      "or.db",
      "SELECT param_name, param_value FROM params WHERE run_id = 24 ORDER BY rowid",
    );
    const pipeline = [
      {
        type: "dataset",
        class: "DatasetOr",
        path_to_class: "./dataset.ts",
        batch_size: "1",
        data_size: "200",
        train_prop: "0.8",
        key: "data_DatasetOr",
      },
      {
        type: "mlp",
        class: "MlpBrick",
        path_to_class: "./mlp.ts",
        length: "4",
        width: "4",
        key: "mlp_MlpBrick",
        name: "MLP_BRICK",
      },
    ];
    expect(params.map(({ param_name, param_value }) => [param_name, param_value])).toEqual([
      ["pipeline", JSON.stringify(pipeline)],
      ["DatasetOr_batch_size", "1"],
      ["DatasetOr_data_size", "200"],
      ["DatasetOr_train_prop", "0.8"],
      ["dataset_key", "data_DatasetOr"],
      ["MlpBrick_length", "4"],
      ["MlpBrick_width", "4"],
      ["mlp_key", "mlp_MlpBrick"],
      ["lr", "1e-2"],
      ["epochs", "2"],
      ["data_scheme", "dataset"],
      ["pipeline_scheme", "mlp"],
    ]);
  });

  test("keeps what was going on in the table system", () => {
    const facts = new Map(
      workspace.query("or.db", "SELECT * FROM system").map(({ param_name, param_value }) => [param_name, param_value]),
    );
    expect(facts.get("command_1")).toMatch(/^mosaic run config\.ini or\.db/);
    expect(facts.get("versions_1")).toContain(`node ${process.versions.node}`);
    expect(facts.get("workers_1")).toMatch(/^\d+$/);
    expect(Number(facts.get("cores_1"))).toBeGreaterThan(0);
    const [start, end] = [Date.parse(String(facts.get("start_1"))), Date.parse(String(facts.get("end_1")))];
    expect(end).toBeGreaterThan(start);
  });

  test("writes results that fit the history", () => {
    const [result] = workspace.query(
      "or.db",
      `SELECT run_results.*, return_status, train_loss AS train, test_loss AS test FROM run_results JOIN runs USING (run_id) WHERE run_id = 5`,
    );
    const [first, last] = workspace.history("or.db").filter(({ run_id }) => run_id === 5);
    expect(result).toMatchObject({
      train_loss: last?.train_loss,
      test_loss: last?.test_loss,
      train_acc: last?.train_acc,
      test_acc: last?.test_acc,
      epochs: 2,
      nb_params: 52,
      trainability: (Number(first?.test_loss) + Number(last?.test_loss)) / 2,
      slope: Number(last?.train_loss) - Number(first?.train_loss),
    });
    expect(result?.return_status).toMatch(
      /^train_loss=\d\.\d{3}e-\d\d\ttest_loss=\d\.\d{3}e-\d\d\texecution_time=\d\.\d{3}e[+-]\d\d$/,
    );
    expect(Number(result?.test_acc) % 2.5).toBe(0);
  });

  test("names its run files as mosaic.md says, and lists them in the database", async () => {
    const files = (await workspace.list(".runs/or")).filter((name) => !name.startsWith("."));
    const own = files.filter((name) => /_7\./.test(name)).sort();
    expect(own).toEqual([
      "model_7.onnx",
      "model_MlpFunnel_7.safetensors",
      "output_7.log",
      "run_info_7.mdt",
      "snapshot_7.safetensors",
    ]);
    expect(files).toHaveLength(24 * own.length);
    const artifacts = workspace.query("or.db", "SELECT path FROM artifacts WHERE run_id = 7 ORDER BY path");
    expect(artifacts.map(({ path }) => path)).toEqual(own);
    expect(await workspace.read(".runs/or/output_7.log")).toMatch(
      /^epoch 1\/2 train_loss \S+ test_loss \S+\nepoch 2\/2 /,
    );
    const info = await workspace.read(".runs/or/run_info_7.mdt");
    expect(info).toContain("class = MlpFunnel");
    expect(info).toContain("nb_params = 52");
    expect((await workspace.list(".runs/or")).filter((name) => /^\.writing|\.tmp$/.test(name))).toEqual([]);
  });

  test("appends on an existing database, ids going on", async () => {
    const before = workspace.history("or.db");
    const again = await workspace.runCommand("mosaic_run", "config.ini", "or.db");
    expect(again.code, again.stderr).toBe(0);
    expect(workspace.statuses("or.db")).toEqual(new Array(48).fill("done"));
    const after = workspace.history("or.db");
    expect(after.slice(0, 48)).toEqual(before);
    // The same seeds: the appended runs are the first ones over again, bit for bit.
    expect(after.slice(48).map((row) => ({ ...row, run_id: Number(row.run_id) - 24 }))).toEqual(before);
  });
});

test("has the parameters of mosaic.md at length 2", async () => {
  const workspace = await tutorial({ epochs: "1", length: "2", multiplicity: "1", data_size: "10" });
  try {
    expect((await workspace.run("run", "config.ini", "or.db")).code).toBe(0);
    const counts = workspace.query("or.db", "SELECT nb_params FROM run_results ORDER BY run_id");
    expect(counts.map(({ nb_params }) => nb_params)).toEqual([15, 23, 35, 15, 25, 37]);
  } finally {
    await workspace.close();
  }
});

test("generates a pipeline file of the seed's shape", async () => {
  const workspace = await tutorial({});
  try {
    const finished = await workspace.runCommand("mosaic_generate", "config.ini", "pipelines.json");
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    expect(finished.stdout).toContain("6 pipelines");
    expect(finished.stdout).toContain("24 runs");
    const pipelines: unknown = JSON.parse(await workspace.read("pipelines.json"));
    expect(pipelines).toHaveLength(24);
    // seeds/001, with this example's class names and paths; toEqual ignores the order, the texts do not.
    const first = [
      {
        type: "dataset",
        class: "DatasetOr",
        path_to_class: "./dataset.ts",
        batch_size: "1",
        data_size: "200",
        train_prop: "0.8",
        key: "data_DatasetOr",
      },
      {
        type: "mlp",
        class: "MlpFunnel",
        path_to_class: "./mlp.ts",
        length: "4",
        width: "2",
        key: "mlp_MlpFunnel",
        name: "MLP_FUNNEL",
      },
    ];
    expect(JSON.stringify(Object(pipelines)[0])).toBe(JSON.stringify(first));
  } finally {
    await workspace.close();
  }
});
