import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { neededNode, unfitNode } from "./needed-node.ts";

test("an older Node is named in one line, with the one that is needed and how to get it", () => {
  expect(unfitNode(process.versions.node)).toBeUndefined();
  expect(unfitNode("100.0.0")).toBeUndefined();
  for (const version of ["20.20.2", "23.11.0"]) {
    expect(unfitNode(version)).toMatch(
      new RegExp(`needs Node 24 .* started by Node ${version}\\..*npm install node@24`),
    );
    expect(unfitNode(version)).not.toContain("\n");
  }
});

test("what is needed is what the packages say", () => {
  for (const name of ["command-line", "mosaic", "bigsf"]) {
    const manifest = readFileSync(new URL(`../../${name}/package.json`, import.meta.url), "utf8");
    expect(JSON.parse(manifest).engines).toEqual({ node: `>=${neededNode}` });
  }
});
