import { relative, resolve } from "node:path";
import { expect, test } from "vitest";
import { browserGraph } from "./import-graph.ts";

const root = resolve(import.meta.dirname, "..");

test("what browsers load to train asks for nothing of Node, and for no ONNX Runtime", () => {
  const { files, missing } = browserGraph("@ml-mosaic/training");
  expect(Object.fromEntries(missing)).toEqual({});
  const packages = files.map(
    (file) => /^(packages\/[^/]+|node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(relative(root, file))?.[1],
  );
  expect(new Set(packages)).toEqual(
    new Set([
      "packages/training",
      "packages/tensor",
      "packages/base",
      "node_modules/@noble/hashes",
      "node_modules/fastest-levenshtein",
    ]),
  );
});

test("modules of Node are found", () => {
  expect([...browserGraph("@ml-mosaic/fits").missing.keys()]).toContain("node:fs/promises");
});
