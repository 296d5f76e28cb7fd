import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unfinishedName } from "@ml-mosaic/base";
import { afterAll, expect, test } from "vitest";
import { TemporaryFile } from "./temporary-file.ts";

const folder = mkdtempSync(join(tmpdir(), "temporary-file-"));
afterAll(() => rmSync(folder, { recursive: true }));

const write = async (path: string, text: string, overwrite = false) => {
  const file = await TemporaryFile.create(path, overwrite);
  await file.write(Buffer.from(text), 0);
  await file.finish(false);
};

test.each(["folder", unfinishedName("results")])("a file appears in %s, once", async (name) => {
  mkdirSync(join(folder, name));
  const path = join(folder, name, "map.fits");
  await write(path, "first");
  await expect(write(path, "second")).rejects.toThrow(
    "map.fits: the file exists. Give another name, or overwrite: true",
  );
  expect(readFileSync(path, "utf8")).toBe("first");
  await write(path, "third", true);
  expect(readFileSync(path, "utf8")).toBe("third");
  expect(readdirSync(join(folder, name))).toEqual(["map.fits"]);
});
