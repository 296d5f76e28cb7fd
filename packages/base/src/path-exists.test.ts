import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { pathExists } from "./path-exists.ts";

const folder = temporaryFolder();

test("tells what is there from what is not", () => {
  mkdirSync(join(folder, "a"));
  writeFileSync(join(folder, "a/file"), "");
  expect(["a", "a/file", "a/none", "a/file/none"].map((name) => pathExists(join(folder, name)))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test("throws where the system cannot tell", () => {
  symlinkSync("round", join(folder, "round"));
  expect(() => pathExists(join(folder, "round"))).toThrow(/ELOOP/);
});
