import { afterEach, beforeEach, expect, test } from "vitest";
import { config, data, dataModule, net, netModule, openWorkspace, type Workspace } from "./workspace.ts";

let workspace: Workspace;

beforeEach(async () => {
  workspace = await openWorkspace({
    "data.ts": dataModule,
    "net.ts": `${netModule}
/** A model that orders its scores, which WebAssembly has no loops for. */
export class Ordering extends Net {
  override forward(data: Tensor): Tensor {
    return super.forward(data).sort().values;
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
  expect(await workspace.read(".runs/wasm/run_info_1.mdt")).toMatch(/^executor = wasm$/m);
  expect((await workspace.run("show", "wasm.db", "1")).stdout).toMatch(/executor\s+wasm/);
});

test("names the ops that the executor lacks, before anything is trained", async () => {
  const sections = { DATA: data, NET: { ...net, class: "Ordering" } };
  await workspace.write("config.ini", config({ process: { executor: "wasm" }, sections }));
  const checked = await workspace.run("run", "config.ini", "or.db", "--dry-run");
  expect(checked.stdout + checked.stderr).toMatch(/executor wasm has no loops for topk/);
});
