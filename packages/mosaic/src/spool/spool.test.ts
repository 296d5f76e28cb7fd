/** The spool through a file system that shows changes late, in pieces, out of order, and not at all for a while. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { frameOf } from "../wire/frame.ts";
import { SpoolReader } from "./reader.ts";
import { recordOf } from "./record.ts";
import { type SharedFiles, sharedFiles } from "./shared-files.ts";
import { SpoolWriter } from "./writer.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

const path = () => join(folder, "said");

/** A generator of numbers in [0, 1) whose failures can be repeated. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const piece = 64;

/**
 * Looks at files as another machine may: each piece of them becomes visible at some later look, and reads as zeros, or as
 * something else, while pieces behind it are there; the size grows, and sometimes is that of an earlier look.
 */
function lateFiles(random: () => number): SharedFiles & { readonly torn: () => number } {
  /** By file: at which look each piece shows. */
  const shows = new Map<string, number[]>();
  let look = 0;
  let torn = 0;
  return {
    torn: () => torn,
    write: sharedFiles.write,
    async read(path, position, mostBytes) {
      look++;
      const whole = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
      const times = shows.get(path) ?? [];
      shows.set(path, times);
      while (times.length * piece < whole.length) times.push(look + Math.floor(random() ** 3 * 40));
      // Pieces grow too: what was written behind the last look shows later.
      const seen = Buffer.from(whole.subarray(0, Math.floor(whole.length * (random() < 0.2 ? random() : 1))));
      for (const [index, time] of times.entries()) {
        if (time <= look || index * piece >= seen.length) continue;
        torn++;
        const hole = seen.subarray(index * piece, (index + 1) * piece);
        if (random() < 0.7) hole.fill(0);
        else for (let at = 0; at < hole.length; at++) hole[at] = Math.floor(random() * 256);
      }
      return seen.subarray(position, position + mostBytes);
    },
  };
}

/** Writes in pieces, fails in the middle, and writes again what is there already. */
function unreliableFiles(random: () => number): SharedFiles {
  return {
    read: sharedFiles.read,
    async write(path, position, bytes) {
      await sharedFiles.write(path, position, bytes.subarray(0, Math.floor(random() * bytes.length)));
      await nextTurn();
      await sharedFiles.write(path, position, bytes);
    },
  };
}

/** `npm run test:harm` sends many. */
const count = process.env.HARM_KILLS === undefined ? 3000 : 100_000;

describe("the spool", () => {
  test(`has ${count} records read as they were written, in their order, each once, however they show`, async () => {
    const random = randomOf(20);
    const late = lateFiles(random);
    const writer = new SpoolWriter(path(), { files: unreliableFiles(random), mostBytes: 20_000 });
    const reader = new SpoolReader(path(), { files: late });
    const textOf = (index: number) => `{"index":${index},"more":"${"é\n ".repeat(index % 41)}"}`;
    let said = 0;
    let heard = 0;
    while (heard < count) {
      for (let burst = Math.floor(random() * 80); burst > 0 && said < count; burst--) writer.append(textOf(said++));
      for (const text of await reader.read()) expect(text).toBe(textOf(heard++));
      await nextTurn();
    }
    await writer.close(10_000);
    expect(await reader.read()).toEqual([]);
    // Else it has shown nothing of what it is for.
    expect(late.torn()).toBeGreaterThan(count / 10);
    expect(existsSync(`${path()}.1`)).toBe(false);
  });

  test("takes a record that is there twice once", async () => {
    const [one, two, three] = ["a", "b", "c"].map((text, index) => recordOf({ number: index + 1, text }));
    writeFileSync(
      `${path()}.1`,
      Buffer.concat([one, one, two, one, two, three].map((bytes) => bytes ?? Buffer.alloc(0))),
    );
    expect(await new SpoolReader(path()).read()).toEqual(["a", "b", "c"]);
  });

  test("waits behind the start of a record whose writer has died in it", async () => {
    const record = recordOf({ number: 1, text: "x".repeat(100) });
    const reader = new SpoolReader(path());
    for (const length of [0, 3, 8, 9, record.length - 1]) {
      writeFileSync(`${path()}.1`, record.subarray(0, length));
      expect(await reader.read()).toEqual([]);
    }
    writeFileSync(`${path()}.1`, record);
    expect(await reader.read()).toEqual(["x".repeat(100)]);
  });

  test("takes a hole for nothing, and what is no record for an error", async () => {
    const reader = new SpoolReader(path());
    writeFileSync(`${path()}.1`, Buffer.alloc(1000));
    expect(crc32(Buffer.alloc(0))).toBe(0);
    expect(await reader.read()).toEqual([]);
    for (const body of ["no number", "0 text", "1"]) {
      writeFileSync(`${path()}.1`, frameOf(body));
      await expect(reader.read()).rejects.toThrow("none of Mosaic's");
    }
    writeFileSync(`${path()}.1`, recordOf({ number: 2, text: "second" }));
    await expect(reader.read()).rejects.toThrow("record 1 of");
  });

  test("writes on when the disk does again, and says once that it does not", async () => {
    let isFull = true;
    const troubles: unknown[] = [];
    const files: SharedFiles = {
      read: sharedFiles.read,
      async write(path, position, bytes) {
        if (!isFull) return sharedFiles.write(path, position, bytes);
        await sharedFiles.write(path, position, bytes.subarray(0, 5));
        throw new Error("no space left");
      },
    };
    const writer = new SpoolWriter(path(), { files, onTrouble: (error) => troubles.push(error) });
    const reader = new SpoolReader(path());
    writer.append("first");
    writer.append("second");
    await expect.poll(() => troubles.length).toBe(1);
    expect(await reader.read()).toEqual([]);
    isFull = false;
    await writer.close(5000);
    expect(await reader.read()).toEqual(["first", "second"]);
    expect(troubles).toHaveLength(1);
  });

  test("has a record read that is larger than what is read at once", async () => {
    const writer = new SpoolWriter(path());
    const reader = new SpoolReader(path());
    const texts = ["small", "l".repeat(700_000), "small again"];
    for (const text of texts) writer.append(text);
    await writer.close(5000);
    const heard: string[] = [];
    while (heard.length < texts.length) heard.push(...(await reader.read()));
    expect(heard).toEqual(texts);
  });
});
