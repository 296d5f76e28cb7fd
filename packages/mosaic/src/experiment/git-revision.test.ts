import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, expect, test } from "vitest";
import { gitRevision } from "./git-revision.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder("mosaic git ");
});

const git = (...args: readonly string[]) =>
  execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@b.c", ...args], { encoding: "utf8" });

test("is the commit, marked where files have changed since", async () => {
  expect(await gitRevision(folder)).toBeUndefined();
  expect(await gitRevision(join(folder, "nowhere"))).toBeUndefined();
  git("init", "--quiet");
  expect(await gitRevision(folder)).toBeUndefined();
  await writeFile(join(folder, "net.ts"), "1");
  git("add", ".");
  git("commit", "--quiet", "--message", "one");
  git("tag", "v1");
  const commit = git("rev-parse", "HEAD").trim();
  expect(await gitRevision(folder)).toBe(commit);
  await writeFile(join(folder, "net.ts"), "2");
  expect(await gitRevision(folder)).toBe(`${commit}-dirty`);
});
