import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  config,
  data,
  dataModule,
  net,
  netModule,
  type Options,
  openWorkspace,
  tutorial,
  type Workspace,
} from "./workspace.ts";

let workspace: Workspace;

beforeEach(async () => {
  workspace = await openWorkspace({
    "data.ts": dataModule,
    "net.ts": `${netModule}
/** A model with an op that WebAssembly has no loops for: sums of booleans. */
export class Adding extends Net {
  override forward(data: Tensor): Tensor {
    const isPositive = data.gt(0);
    return super.forward(data.add(isPositive.scatterAdd(0, data.mul(0).to("int64"), isPositive).float()));
  }
}`,
  });
});
afterEach(() => workspace.close());

const results = "SELECT train_loss, test_loss FROM run_results ORDER BY run_id";

test("runs on the executor that [PROCESS] names, and says so", async () => {
  const sections = { DATA: data, NET: { ...net, width: "2, 5" } };
  for (const executor of ["onnx", "wasm"]) {
    await workspace.write(`${executor}.ini`, config({ process: { executor, epochs: 4 }, sections }));
    const { code, stderr } = await workspace.run("run", `${executor}.ini`, `${executor}.db`);
    expect(code, stderr).toBe(0);
  }
  const [onnx, wasm] = ["onnx.db", "wasm.db"].map((file) => workspace.query(file, results));
  expect(wasm).toHaveLength(2);
  for (const [index, row] of (onnx ?? []).entries())
    for (const [name, loss] of Object.entries(row))
      expect(Number(wasm?.[index]?.[name]), name).toBeCloseTo(Number(loss), 5);
  expect(await workspace.read(".runs/wasm/run_info_1.mdt")).toMatch(/^executor wasm$/m);
  expect((await workspace.run("show", "onnx.db", "1", "--json")).stdout).toContain('"executor": "onnx"');
});

test("the tutorial's verdicts are the same on both", async () => {
  const judged: unknown[] = [];
  for (const executor of ["onnx", "wasm"]) {
    const own = await tutorial({ epochs: `20\nexecutor = ${executor}`, width: "2, 4", multiplicity: "7" });
    try {
      expect((await own.run("run", "config.ini", "or.db")).code).toBe(0);
      expect(own.query("or.db", "SELECT DISTINCT executor FROM run_details")).toEqual([{ executor }]);
      const { stdout } = await own.run("compare", "or.db", "trainability", "--json");
      const [{ models, pairs }] = JSON.parse(stdout).dataSets;
      judged.push({
        ranking: models.map(({ model }: { model: string }) => model),
        verdicts: pairs.map(({ a, b, verdict }: Record<"a" | "b" | "verdict", string>) => [a, b, verdict]),
      });
    } finally {
      await own.close();
    }
  }
  expect(judged[0]).toEqual(judged[1]);
  expect(JSON.stringify(judged[0])).toMatch(/"equivalent"/);
});

const executors = "SELECT repetition, executor FROM run_details ORDER BY run_id";

test("runs go on, and are repeated, on what has computed them; what is mixed is told", async () => {
  const go = (name: string, ...options: readonly string[]) => workspace.run("run", `${name}.ini`, "a.db", ...options);
  const write = (name: string, process: Options, multiplicity: number) =>
    workspace.write(
      `${name}.ini`,
      config({ process: { epochs: 2, ...process }, monitor: { multiplicity }, sections: { DATA: data, NET: net } }),
    );
  await write("first", { executor: "auto" }, 2);
  expect((await go("first")).stderr).toContain("2 runs");
  expect(workspace.query("a.db", executors).map(({ executor }) => executor)).toEqual(["wasm", "wasm"]);
  const change = (sql: string) => {
    const database = new DatabaseSync(workspace.path("a.db"));
    database.exec(sql);
    database.close();
  };
  // As if an earlier version had trained them.
  change("UPDATE run_details SET executor = 'onnx'");
  await write("more", {}, 3);
  const more = await go("more", "--continue");
  expect(more.stderr).toContain("2 runs done before, 0 unfinished taken up, 1 new");
  expect(workspace.query("a.db", executors).map(({ executor }) => executor)).toEqual(["onnx", "onnx", "onnx"]);
  expect(await workspace.read(".runs/a/run_info_3.mdt")).toMatch(/^executor onnx$/m);
  expect((await workspace.run("compare", "a.db")).stdout).not.toContain("round differently");
  change("UPDATE run_details SET executor = 'wasm' WHERE run_id = 2");
  expect((await workspace.run("compare", "a.db")).stdout).toMatch(
    /computed on ONNX Runtime and others on WebAssembly, which round differently: Net/,
  );
  // Each snapshot says what has computed it.
  expect((await workspace.run("rerun", "first.ini", "a.db", "--id", "1,3", "--epochs", "1")).code).toBe(0);
  expect(workspace.query("a.db", executors).map(({ executor }) => executor)).toEqual(["wasm", "wasm", "onnx"]);
  // What `auto` has had computed by the one that is named now is no other run.
  await write("named", { executor: "WASM" }, 3);
  expect((await go("named", "--continue")).stderr).toContain("2 runs done before, 0 unfinished taken up, 1 new");
  expect((await go("named", "--continue")).stderr).toContain("3 runs done before, 0 unfinished taken up, 0 new");
});

test("names the ops that the executor lacks, before anything is trained", async () => {
  const sections = { DATA: data, NET: { ...net, class: "Adding" } };
  await workspace.write("config.ini", config({ process: { executor: "wasm" }, sections }));
  const checked = await workspace.run("run", "config.ini", "or.db", "--dry-run");
  expect(checked.stdout + checked.stderr).toMatch(/executor wasm has no loops for scatterAdd of bool, int64/);
});
