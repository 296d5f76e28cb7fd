import { mkdir, readdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, expect, test } from "vitest";
import { replaceFiles } from "./replace-files.ts";
import { stagingFolder } from "./staging-folder.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

const path = (name: string) => join(folder, name);
const writeTo = (texts: readonly string[]) => async (temporaries: readonly string[]) => {
  for (const [index, temporary] of temporaries.entries()) await writeFile(temporary, texts[index] ?? "");
};

test("replaces all targets, and follows links", async () => {
  await mkdir(path("other"));
  await writeFile(path("other/b"), "old");
  await symlink(path("other/b"), path("b"));
  await replaceFiles([path("a 'b' 🧩\n"), path("b")], writeTo(["1", "2"]));
  expect(await readFile(path("a 'b' 🧩\n"), "utf8")).toBe("1");
  expect(await readFile(path("other/b"), "utf8")).toBe("2");
  expect(await readlink(path("b"))).toBe(path("other/b"));
  expect(await readdir(path("other"))).toEqual(["b"]);
});

test("replaces nothing where the work fails", async () => {
  await writeFile(path("a"), "old");
  const failing = replaceFiles([path("a"), path("b")], async (temporaries) => {
    await writeTo(["1", "2"])(temporaries);
    throw new Error("half-way");
  });
  await expect(failing).rejects.toThrow("half-way");
  const full = Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC", syscall: "write" });
  await expect(replaceFiles([path("a"), path("b")], () => Promise.reject(full))).rejects.toThrow(
    `${path("a")} and ${path("b")} cannot be written: the disk is full; make room and try again`,
  );
  expect(await readdir(folder)).toEqual(["a"]);
  expect(await readFile(path("a"), "utf8")).toBe("old");
});

test.each([
  [".", "it is a folder"],
  ["/dev/null", "it is not an ordinary file"],
  ["nowhere/a", "does not exist; make it first"],
])("%s is refused before the work", async (name, reason) => {
  const target = name.startsWith("/") ? name : path(name);
  const work = async () => expect.unreachable();
  await expect(replaceFiles([path("a"), target], work)).rejects.toThrow(reason);
  expect(await readdir(folder)).toEqual([]);
});

test("in a folder that is unfinished itself a new file is written in its place, and nothing stays of a failure", async () => {
  await using staging = await stagingFolder(folder);
  const file = join(staging.path, "a");
  const seen: string[][] = [];
  const write = async ([temporary = ""]: readonly string[]) => {
    await writeFile(temporary, "whole", { flag: "wx" });
    seen.push(await readdir(staging.path));
  };
  const failing = replaceFiles([file], async (temporaries) => {
    await write(temporaries);
    throw new Error("half-way");
  });
  await expect(failing).rejects.toThrow("half-way");
  expect(await readdir(staging.path)).toEqual([]);
  await replaceFiles([file], write, { durable: true });
  expect(seen).toEqual([["a"], ["a"]]);
  // One that is there already keeps its old text until the new one is whole.
  await replaceFiles([file], write);
  expect(seen.at(-1)).toHaveLength(2);
  expect(await readdir(staging.path)).toEqual(["a"]);
});
