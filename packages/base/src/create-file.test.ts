import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { createFile } from "./create-file.ts";

test("one of many makes the file, and nothing is left of the others", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "lock");
  const texts = Array.from({ length: 20 }, (_, index) => `writer ${index}`);
  const made = await Promise.all(texts.map((text) => createFile(path, text)));
  expect(made.filter((each) => each)).toHaveLength(1);
  expect(readFileSync(path, "utf8")).toBe(texts[made.indexOf(true)]);
  expect(readdirSync(folder)).toEqual(["lock"]);
});
