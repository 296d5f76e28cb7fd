import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unfinishedName } from "@ml-mosaic/base";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, expect, test } from "vitest";
import { prepareResults } from "./result-folder.ts";

const root = temporaryFolder();
let folder = "";
let count = 0;
beforeEach(() => {
  folder = join(root, String(count++), "results");
});

const names = ["a.fits", "b.png"];
const prepare = (config: string, overwrite = false) => prepareResults({ folder, config, names, overwrite });

async function make(config: string, content: string, overwrite = false): Promise<void> {
  await using results = await prepare(config, overwrite);
  if (results === undefined) throw new Error("there are results already");
  for (const name of names) writeFileSync(join(results.staging, name), content);
  await results.publish();
}

const contents = () =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));

test("results appear together, and are not made twice", async () => {
  await make("threshold: 0.5\n", "first");
  expect(contents()).toEqual({ "a.fits": "first", "b.png": "first", "config.yaml": "threshold: 0.5\n" });
  expect(await prepare("threshold: 0.5\n")).toBeUndefined();
});

test("results of another configuration are refused, with what was different, or replaced", async () => {
  await make("threshold: 0.5\nblend: mean\n", "first");
  await expect(prepare("threshold: 0.4\nblend: mean\n")).rejects.toThrow(
    /has results of another configuration, in which stands:\n {2}threshold: 0\.5\nGive another output, or overwrite: true/,
  );
  expect(contents()["a.fits"]).toBe("first");
  await make("threshold: 0.4\nblend: mean\n", "second", true);
  expect(contents()).toEqual({ "a.fits": "second", "b.png": "second", "config.yaml": "threshold: 0.4\nblend: mean\n" });
});

test("results that are not all there are made again only where that is allowed", async () => {
  await make("threshold: 0.5\n", "first");
  rmSync(join(folder, "b.png"));
  await expect(prepare("threshold: 0.5\n")).rejects.toThrow(/or not all of them. Give another output, or overwrite/);
  await make("threshold: 0.5\n", "again", true);
  expect(contents()["b.png"]).toBe("again");
});

test("somebody else's file is not overwritten; others do not matter", async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "notes.txt"), "mine");
  writeFileSync(join(folder, "a.fits"), "mine");
  await expect(prepare("x: 1\n")).rejects.toThrow(/has a\.fits without a config\.yaml/);
  rmSync(join(folder, "a.fits"));
  await make("x: 1\n", "new");
  expect(contents()["notes.txt"]).toBe("mine");
});

test("nothing is left where the work was not finished, and what was there stays", async () => {
  await make("x: 1\n", "first");
  {
    await using results = await prepare("x: 2\n", true);
    writeFileSync(join(results?.staging ?? "", "a.fits"), "half");
  }
  expect(contents()).toEqual({ "a.fits": "first", "b.png": "first", "config.yaml": "x: 1\n" });
});

test.each([0, 1, 2])(
  "a process is killed when it has moved %i of the files: the next one moves the others",
  async (moved) => {
    mkdirSync(folder, { recursive: true });
    const staging = join(folder, unfinishedName("staging", spawnSync(process.execPath, ["-e", ""]).pid));
    mkdirSync(staging);
    for (const [index, name] of names.entries()) writeFileSync(join(index < moved ? folder : staging, name), "made");
    writeFileSync(join(staging, "config.yaml"), "x: 1\n");
    expect(await prepare("x: 1\n")).toBeUndefined();
    expect(contents()).toEqual({ "a.fits": "made", "b.png": "made", "config.yaml": "x: 1\n" });
  },
);

test("what a killed process left is removed, but not what a living one is at", async () => {
  const killed = spawnSync(process.execPath, ["-e", ""]).pid;
  mkdirSync(folder, { recursive: true });
  const [dead, alive, foreign] = [killed, process.ppid]
    .map((id) => unfinishedName("staging", id))
    .concat(`.staging.elsewhere-${killed}-0123abcd.tmp`);
  for (const name of [dead, alive, foreign]) mkdirSync(join(folder, name ?? "", "inside"), { recursive: true });
  await using results = await prepare("x: 1\n");
  expect(results?.staging).toContain(`${process.pid}-`);
  const left = readdirSync(folder).filter((name) => join(folder, name) !== results?.staging);
  expect(left.toSorted()).toEqual([alive, foreign].toSorted());
});

test("a folder that cannot be made is named", async () => {
  mkdirSync(join(folder, ".."), { recursive: true });
  writeFileSync(folder, "a file");
  await expect(prepare("x: 1\n")).rejects.toThrow(/the folder .*results cannot be made/);
});
