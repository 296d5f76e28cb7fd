import { spawn } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { unfinishedName } from "@ml-mosaic/base";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { RunFolder } from "./run-folder.ts";

let path: string;
beforeEach(() => {
  path = temporaryFolder();
});

describe("the lock", () => {
  const writeLock = (text: string) => writeFile(join(path, "run.lock"), text);

  test("is taken by one, and given free", async () => {
    const folder = new RunFolder(path);
    const unlock = await folder.lock();
    expect(JSON.parse(await readFile(join(path, "run.lock"), "utf8"))).toEqual({ pid: process.pid, host: hostname() });
    await expect(new RunFolder(path).lock()).rejects.toThrow(`is being trained by process ${process.pid} on `);
    await unlock();
    await (await folder.lock())();
    expect(await readdir(path)).toEqual([]);
  });

  test("of a process that is gone is taken over, with its half-written files", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => child.once("close", resolve));
    await writeLock(JSON.stringify({ pid: child.pid, host: hostname() }));
    await writeFile(join(path, unfinishedName("last.safetensors", child.pid)), "half");
    await (await new RunFolder(path).lock())();
    expect(await readdir(path)).toEqual([]);
  });

  test.each([
    ["of another machine", JSON.stringify({ pid: 1, host: "elsewhere" }), "by process 1 on elsewhere"],
    ["that is damaged", "{", "by somebody; wait for it, or remove run.lock if that is not so"],
  ])("%s is respected", async (_, text, message) => {
    await writeLock(text);
    await expect(new RunFolder(path).lock()).rejects.toThrow(message);
  });
});

test("what differs is named by its path, and where files are does not count", async () => {
  const folder = new RunFolder(path);
  const config = (trainer: Readonly<Record<string, unknown>>) => ({
    imports: [],
    trainer: {
      output_dir: "a",
      run_name: "b",
      optimizer: { type: "adam", lr: 0.1 },
      metrics: [{ type: "f1" }],
      ...trainer,
    },
  });
  await folder.writeConfig(config({}));
  // Nothing has been trained: whoever comes next may have it.
  await folder.claim(config({ optimizer: null }), "refuse");
  await writeFile(join(path, "logs_train.csv"), "");
  await folder.claim(config({ output_dir: "elsewhere", run_name: "x" }), "resume");
  const other = config({ optimizer: { type: "adam", lr: 0.2 }, metrics: [], scheduler: null });
  await expect(folder.claim(other, "resume")).rejects.toThrow(
    /\(trainer\.optimizer\.lr 0\.1 there, 0\.2 here; trainer\.metrics \[\{"type":"f1"\}\] there, \[\] here; trainer\.scheduler nothing there, null here\)/,
  );
});
