import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { removeUnfinished } from "@ml-mosaic/base";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { openRunFiles, RunLog } from "./run-files.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

describe("a folder of run files", () => {
  test("is rid of what was left half-written, and of nothing else", async () => {
    {
      await using files = await openRunFiles(folder);
      await files.write("model", (temporary) => writeFile(join(temporary, "done"), ""));
      await files.publish();
    }
    {
      await using files = await openRunFiles(folder);
      const written = files.write("model", async (temporary) => {
        await writeFile(join(temporary, "half"), "");
        throw new Error("no space");
      });
      await expect(written).rejects.toThrow("no space");
    }
    expect(await readdir(folder)).toEqual(["done"]);
    const left = join(folder, ".staging.elsewhere-1-0123abcd.tmp");
    await mkdir(left);
    await writeFile(join(left, "half"), "");
    await removeUnfinished(folder, "any");
    expect(await readdir(folder)).toEqual(["done"]);
  });

  test("takes over all that was written, replaces what was there, and tells it", async () => {
    await writeFile(join(folder, "b.txt"), "old");
    await using files = await openRunFiles(folder);
    await files.write("model", async (temporary) => {
      await writeFile(join(temporary, "b.txt"), "new one");
      await writeFile(join(temporary, "a.txt"), "x");
    });
    // More than is read at once.
    const large = "x".repeat(2_000_000);
    await files.write("snapshot", (temporary) => writeFile(join(temporary, "0.txt"), large));
    expect(await readFile(join(folder, "b.txt"), "utf8")).toBe("old");
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
    expect(await files.publish()).toEqual([
      { kind: "model", path: "a.txt", sizeBytes: 1, sha256: sha256("x") },
      { kind: "model", path: "b.txt", sizeBytes: 7, sha256: sha256("new one") },
      { kind: "snapshot", path: "0.txt", sizeBytes: large.length, sha256: sha256(large) },
    ]);
    expect(await readFile(join(folder, "b.txt"), "utf8")).toBe("new one");
  });

  test("gets them in the order in which they were written: where moving fails, the later ones are not there", async () => {
    await using files = await openRunFiles(folder);
    for (const [kind, name] of Object.entries({ model: "c", snapshot: "b", info: "a" }))
      await files.write(kind, (temporary) => writeFile(join(temporary, name), ""));
    // What has a folder's name cannot be moved there.
    await mkdir(join(folder, "b"));
    await expect(files.publish()).rejects.toThrow("cannot be written");
    expect((await readdir(folder)).filter((name) => !name.startsWith("."))).toEqual(["b", "c"]);
  });
});

describe("a run's log", () => {
  test("keeps texts and bytes in order, and what comes after its end is dropped", async () => {
    const log = new RunLog(join(folder, "output_1.log"));
    log.write("größer\n");
    log.write(new Uint8Array([104, 105, 10]));
    log.flush();
    log.write("last\n");
    log.close();
    log.write("too late\n");
    log.close();
    const text = await readFile(log.path, "utf8");
    expect(text).toBe("größer\nhi\nlast\n");
    expect(log.size).toBe(Buffer.byteLength(text));
  });

  test("does not collect without bounds", async () => {
    const log = new RunLog(join(folder, "output_1.log"));
    for (let line = 0; line < 1000; line++) log.write("x".repeat(1000));
    expect(log.size).toBeGreaterThan(900_000);
    log.close();
    expect(log.size).toBe(1_000_000);
  });

  test("is two files at most, the last bytes in them", async () => {
    const path = join(folder, "output_1.log");
    const log = new RunLog(path, false, 1000);
    for (let line = 0; line < 100; line++) {
      log.write(`${String(line).padStart(99, "0")}\n`);
      log.flush();
    }
    log.close();
    const texts = await Promise.all([`${path}.1`, path].map((file) => readFile(file, "utf8")));
    expect(texts.map(({ length }) => length)).toEqual([1000, 1000]);
    expect(texts.join("").trimEnd().split("\n").map(Number)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 80),
    );
    expect(log.size).toBe(1000);
    expect(await readdir(folder)).toHaveLength(2);
    // A run that goes on counts what is there.
    const goesOn = new RunLog(path, true, 1000);
    goesOn.write("x");
    goesOn.close();
    expect(await readFile(path, "utf8")).toBe("x");
  });
});
