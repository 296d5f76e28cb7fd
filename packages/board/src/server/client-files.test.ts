import { renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { moduleText } from "./client-files.ts";

test("a module has no types, and another text as soon as its file has, whatever the file's time says", async () => {
  const path = join(temporaryFolder(), "module.ts");
  const write = (text: string) => {
    writeFileSync(`${path}.new`, text);
    utimesSync(`${path}.new`, 1e9, 1e9);
    renameSync(`${path}.new`, path);
  };
  write("export const one: number = 1;");
  expect(await moduleText(path)).toMatch(/^export const one {9}= 1;$/);
  write("export const one: number = 2;");
  expect(await moduleText(path)).toContain("= 2;");
});
