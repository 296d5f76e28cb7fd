import { afterEach, beforeEach, expect, test } from "vitest";
import { config, data, net, netModule, type Options, openWorkspace, type Workspace } from "./workspace.ts";

let workspace: Workspace;
beforeEach(async () => {
  workspace = await openWorkspace({
    "net.ts": `${netModule}
export class Asking extends Net {
  override forward(x: Tensor, _runInfo?: unknown, { scale = 1 }: { scale?: number } = {}) { return super.forward(x).mul(scale); }
}`,
  });
});
afterEach(() => workspace.close());

async function run(own: Options) {
  await workspace.write("config.ini", config({ sections: { DATA: data, NET: { ...net, ...own } } }));
  return workspace.run("run", "config.ini", "or.db");
}

test("refuses a misspelt option before anything runs where only the constructor can read it", async () => {
  const { code, stderr } = await run({ width: 3, widht: "4, 5, 6" });
  expect(code, stderr).toBe(2);
  expect(stderr).toContain("[NET] widht");
  expect(stderr).toContain("Did you mean width?");
  expect(workspace.exists("or.db")).toBe(false);
});

test("refuses it in the first run, before training, where moduleInfo may be asked for it", async () => {
  const misspelt = await run({ class: "Asking", width: 3, scael: 4, scale: 2 });
  expect(misspelt.code, misspelt.stderr).toBe(1);
  expect(workspace.query("or.db", "SELECT return_status FROM runs")).toEqual([
    { return_status: expect.stringContaining("scael: The constructor of Asking does not take it") },
  ]);
  expect(workspace.history("or.db")).toEqual([]);
});
