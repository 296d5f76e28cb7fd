import { execFile } from "node:child_process";
import { chmod, readdir, readFile, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { readSafetensors, writeSafetensors } from "@ml-mosaic/tensor";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { assignFolds } from "./assign-folds.ts";
import { assignFoldsCached } from "./assignment-cache.ts";
import type { FoldOptions } from "./fold-options.ts";

const options: FoldOptions = { type: "random", k: 4, k_train: 2, area_size: 20, patch_size: 8, overlap: 0 };

function grid(side: number, first = 0): Int32Array<ArrayBuffer> {
  const positions: number[] = [];
  for (let y = 0; y + 8 <= side; y += 2) for (let x = first; x + 8 <= side; x += 2) positions.push(y, x);
  return Int32Array.from(positions);
}

const positions = grid(100);

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

const cached = (given: Partial<FoldOptions> = {}, where = positions, save = true) =>
  assignFoldsCached(where, { ...options, ...given }, { indices_path: folder, save_indices: save });

test("the second time it is read, and is the same", async () => {
  const first = await cached();
  expect(first).toMatchObject({ origin: "computed", notices: [] });
  expect(first.assignment).toEqual(assignFolds(positions, options));
  const second = await cached();
  expect(second).toEqual({ ...first, origin: "read" });
  expect(await readdir(folder)).toHaveLength(1);
  expect(second.file).toMatch(/folds_random_k4_area20_patch8_overlap0_[0-9a-f]{16}\.safetensors$/);
});

test.each<[string, Partial<FoldOptions>, Int32Array<ArrayBuffer>]>([
  ["another strategy", { type: "naive" }, positions],
  ["another k", { k: 5 }, positions],
  ["another area_size", { area_size: 21 }, positions],
  ["another patch_size", { patch_size: 7 }, positions],
  ["another overlap", { overlap: 1 }, positions],
  ["other positions", {}, grid(100, 1)],
  ["fewer positions", {}, grid(98)],
])("%s is assigned anew, and does not disturb the first", async (_, given, where) => {
  await cached();
  const other = await cached(given, where);
  expect(other).toMatchObject({ origin: "computed", notices: [] });
  expect(other.assignment).toEqual(assignFolds(where, { ...options, ...given }));
  expect(await cached()).toMatchObject({ origin: "read" });
  expect(await cached(given, where)).toMatchObject({ origin: "read" });
  expect(await readdir(folder)).toHaveLength(2);
});

test("k_train is no part of it: splits are made from the same folds", async () => {
  await cached();
  expect(await cached({ k_train: 0.5 })).toMatchObject({ origin: "read" });
});

test("nothing is kept unless asked, and what is there is still read", async () => {
  expect(await cached({}, positions, false)).toEqual({
    assignment: assignFolds(positions, options),
    origin: "computed",
    notices: [],
  });
  expect(await readdir(folder)).toEqual([]);
  await cached();
  expect(await cached({}, positions, false)).toMatchObject({ origin: "read" });
  expect(await assignFoldsCached(positions, options, { save_indices: true })).toMatchObject({ origin: "computed" });
});

describe("a file that is not what it should be is said and replaced", () => {
  /** Changes the file, and expects the right assignment all the same. */
  async function harmed(harm: (file: string) => Promise<void>, notice: RegExp) {
    const { file = "" } = await cached();
    await harm(file);
    const again = await cached();
    expect(again.origin).toBe("computed");
    expect(again.assignment).toEqual(assignFolds(positions, options));
    expect(again.notices).toEqual([expect.stringMatching(notice)]);
    expect(await cached()).toMatchObject({ origin: "read", notices: [] });
  }

  test("cut off", () => harmed((file) => truncate(file, 200), /cannot be used, so that patches are assigned anew: /));
  test("empty", () => harmed((file) => truncate(file, 0), /shorter than 8 bytes/));
  test("something else", () =>
    harmed(
      (file) => writeFile(file, "not an index\n".repeat(100)),
      /no safetensors|not a safetensors|cannot be read as a safetensors/,
    ));

  test("one bit changed", () =>
    harmed(async (file) => {
      const bytes = await readFile(file);
      const at = bytes.length - 9;
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      await writeFile(file, bytes);
      await utimes(file, 0, 0);
    }, /its content was changed/));

  test("of other patches, under this name", () =>
    harmed(async (file) => {
      const other = await cached({}, grid(98));
      await writeFile(file, await readFile(other.file ?? ""));
    }, /written for other patches or sizes/));

  test("without an array", () =>
    harmed(async (file) => {
      const { tensors, metadata } = await readSafetensors(file);
      await writeSafetensors(file, new Map([...tensors].slice(1)), metadata);
    }, /it lacks/));
});

test("where nothing can be written, it is said, and the work goes on", async () => {
  const blocked = join(folder, "a-file");
  await writeFile(blocked, "");
  await chmod(blocked, 0o400);
  const result = await assignFoldsCached(positions, options, { indices_path: blocked, save_indices: true });
  expect(result.assignment).toEqual(assignFolds(positions, options));
  expect(result.notices).toEqual([expect.stringMatching(/the assignment to folds is not kept: .*a-file/)]);
});

test("processes that write and read at once all get the right one, and leave one whole file", async () => {
  const script = `
    import { assignFoldsCached } from ${JSON.stringify(new URL("./assignment-cache.ts", import.meta.url).pathname)};
    import { rm } from "node:fs/promises";
    const positions = Int32Array.from(${JSON.stringify(Array.from(positions))});
    let [read, computed] = [0, 0];
    for (let turn = 0; turn < 40; turn++) {
      const result = await assignFoldsCached(positions, ${JSON.stringify(options)}, { indices_path: ${JSON.stringify(folder)}, save_indices: true });
      if (result.notices.length > 0) throw new Error(result.notices.join());
      result.origin === "read" ? read++ : computed++;
      if (turn % 4 === 0 && result.file !== undefined) await rm(result.file, { force: true });
    }
    console.log(JSON.stringify({ read, computed }));
  `;
  const run = () =>
    promisify(execFile)(process.execPath, [
      "--disable-warning=ExperimentalWarning",
      "--input-type=module-typescript",
      "-e",
      script,
    ]);
  const outputs = await Promise.all([run(), run(), run()]);
  for (const { stdout } of outputs) {
    const { read, computed } = JSON.parse(stdout);
    expect(read + computed).toBe(40);
    expect(computed).toBeGreaterThan(0);
  }
  expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  expect(await cached()).toMatchObject({ notices: [] });
});
