import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, expect, test } from "vitest";
import { stagingFolder } from "./staging-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

async function write(texts: Readonly<Record<string, string>>, seal?: string): Promise<readonly string[]> {
  await using staging = await stagingFolder(folder);
  for (const [name, text] of Object.entries(texts)) await writeFile(join(staging.path, name), text);
  return await staging.publish(seal === undefined ? {} : { seal });
}

async function contents(): Promise<Readonly<Record<string, string>>> {
  const names = await readdir(folder);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")])),
  );
}

test("what was written replaces what was there, and nothing else changes", async () => {
  await writeFile(join(folder, "b"), "old");
  await writeFile(join(folder, "c"), "kept");
  expect(await write({ b: "new", a: "1" })).toEqual(["a", "b"]);
  expect(await contents()).toEqual({ a: "1", b: "new", c: "kept" });
});

test("a folder takes the place of one that has files, and nothing of that is left", async () => {
  await mkdir(join(folder, "pages"));
  await writeFile(join(folder, "pages", "old"), "");
  await using staging = await stagingFolder(folder);
  await mkdir(join(staging.path, "pages"));
  await writeFile(join(staging.path, "pages", "new"), "");
  await staging.publish();
  expect(await readdir(join(folder, "pages"))).toEqual(["new"]);
  expect((await readdir(folder)).filter((name) => !name.startsWith(".staging"))).toEqual(["pages"]);
});

test("what comes first is there before the others", async () => {
  await using staging = await stagingFolder(folder);
  for (const name of ["a", "b", "c"]) await writeFile(join(staging.path, name), "");
  // What has a folder's name cannot be moved there.
  await mkdir(join(folder, "b"));
  await expect(staging.publish({ first: ["c", "b"] })).rejects.toThrow();
  expect((await readdir(folder)).filter((name) => !name.startsWith("."))).toEqual(["b", "c"]);
});

test("nothing is left of what was not published", async () => {
  {
    await using staging = await stagingFolder(folder);
    await writeFile(join(staging.path, "a"), "half");
    expect(await readdir(folder)).toHaveLength(1);
  }
  expect(await contents()).toEqual({});
});

test("where moving fails half-way there is no seal", async () => {
  await write({ a: "1", done: "first" }, "done");
  await using staging = await stagingFolder(folder);
  await writeFile(join(staging.path, "a"), "2");
  await writeFile(join(staging.path, "done"), "second");
  // What has a folder's name cannot be moved there.
  await rm(join(folder, "a"));
  await mkdir(join(folder, "a"));
  await expect(staging.publish({ seal: "done" })).rejects.toThrow();
  expect(await readdir(folder)).not.toContain("done");
});
