import { spawnSync } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, expect, test } from "vitest";
import { removeUnfinished, removeUnfinishedOf, unfinishedName } from "./unfinished.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

const gone = spawnSync(process.execPath, ["-e", ""]).pid;
const others = [".hidden", "a.tmp", ".a-1.tmp", ".notes-12-0123abcd.txt", "a.host-1-0123abcd.tmp"];

async function fill(): Promise<Readonly<Record<"dead" | "own" | "parents" | "foreign", string>>> {
  const names = {
    dead: unfinishedName("a.h5", gone),
    own: unfinishedName("a.h5"),
    parents: unfinishedName("b\n/b".replace("/", " "), process.ppid),
    foreign: `.a.h5.elsewhere-${gone}-0123abcd.tmp`,
  };
  await fillNames([...Object.values(names), ...others]);
  return names;
}

async function fillNames(names: readonly string[]): Promise<readonly string[]> {
  for (const name of names) await writeFile(join(folder, name), "");
  return names;
}

test("only what dead processes of this machine left is removed", async () => {
  const { own, parents, foreign } = await fill();
  const staging = join(folder, unfinishedName("staging", gone));
  await mkdir(staging);
  await writeFile(join(staging, "half"), "");
  await removeUnfinished(folder);
  expect((await readdir(folder)).sort()).toEqual([own, parents, foreign, ...others].sort());
});

test("where nobody else can be writing, whatever is unfinished is removed", async () => {
  await fill();
  await removeUnfinished(folder, "any");
  expect((await readdir(folder)).sort()).toEqual(others.toSorted());
});

test("of one file, what dead processes left of it is removed, with SQLite's files beside it", async () => {
  const names = ["a.db", "a.db.db", "b.a.db"].map((name) => unfinishedName(name, gone));
  const [own = "", ...longer] = names;
  const left = [
    ...(await fillNames([unfinishedName("a.db")])),
    ...(await fillNames(longer)),
    ...(await fillNames(others)),
  ];
  await fillNames([own, `${own}-journal`, `${own}-wal`]);
  await removeUnfinishedOf(folder, "a.db");
  expect((await readdir(folder)).sort()).toEqual(left.sort());
});

test("names differ, and fit into 255 bytes", async () => {
  const name = "模型🧩".repeat(30);
  expect(unfinishedName(name)).not.toBe(unfinishedName(name));
  await writeFile(join(folder, unfinishedName(name)), "");
});
