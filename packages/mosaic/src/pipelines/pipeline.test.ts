import { expect, test } from "vitest";
import { describeModules, type ModuleSpec, shownOptions } from "./pipeline.ts";

const program: ModuleSpec = {
  type: "model",
  className: "Program",
  path: "ml-mosaic",
  key: "tree_2",
  section: "TREE",
  options: { command: "python3 t.py --lr {lr} --depth {depth}", lr: "0.1", depth: "2", files: "t.py", grace: "5" },
};
const net: ModuleSpec = { type: "net", className: "Net", path: "./net.ts", key: "n", options: { width: "2", lr: "1" } };

test("modules are called by their class and values, programs by their section and the values for their commands", () => {
  const { section: _, ...ofOldDatabase } = program;
  expect(describeModules([net, net])).toBe("Net(2,1) | Net(2,1)");
  expect(describeModules([program])).toBe("TREE(0.1,2)");
  expect(describeModules([ofOldDatabase])).toBe("tree_2(0.1,2)");
  expect(shownOptions(program)).toEqual({ lr: "0.1", depth: "2" });
  expect(shownOptions(net)).toBe(net.options);
});
