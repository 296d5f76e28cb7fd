/** Two sides that send each other files, and one that breaks the rules. */
import { hash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { unfinishedName } from "@ml-mosaic/base";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { exampleOrder } from "../../test/store-conformance-examples.ts";
import { endFences, raiseFence } from "../run/fence.ts";
import { faultOfCode, faultOfRunFiles, type RunFile } from "./carried.ts";
import { type ExchangeMessage, FileExchange, stalledMilliseconds } from "./file-exchange.ts";
import { receiveFiles } from "./receive-files.ts";

const sha256 = (data: string | Buffer) => hash("sha256", data);
const content = randomBytes(2_000_000);
const digest = sha256(content);
const mark = { bytes: content.length, digest };

let folder: string;
let received: FileExchange;
let messages: ExchangeMessage[];
/** What the offering side does to what it sends. */
let change: (message: ExchangeMessage) => ExchangeMessage | undefined;
let find: (asked: string) => string | Buffer | undefined;

beforeEach(() => {
  folder = temporaryFolder();
  messages = [];
  change = (message) => message;
  find = (asked) => (asked === digest ? content : undefined);
  const offering = new FileExchange({
    find: (asked) => find(asked),
    send(message) {
      messages.push(message);
      const changed = change(message);
      if (changed !== undefined) received.take(changed);
    },
  });
  received = new FileExchange({ find: () => undefined, send: (message) => offering.take(message) });
});
const target = () => join(folder, "file");
const pieces = () => messages.filter(({ kind }) => kind === "piece").length;

describe("a file over a link", () => {
  test("comes whole, in pieces of 256 KiB, from memory and from a file, and so does an empty one", async () => {
    await received.fetch(mark, target());
    expect(readFileSync(target()).equals(content)).toBe(true);
    expect(pieces()).toBe(8);
    writeFileSync(join(folder, "source"), content);
    find = () => join(folder, "source");
    await received.fetch(mark, join(folder, "again"));
    expect(readFileSync(join(folder, "again")).equals(content)).toBe(true);
    await received.fetch({ bytes: 0, digest: sha256("") }, join(folder, "empty"));
    expect(readFileSync(join(folder, "empty"))).toHaveLength(0);
  });

  test("is refused where it is another one, is gone, or does not come as it was said to", async () => {
    const other = { ...mark, digest: sha256("another") };
    find = () => content;
    await expect(received.fetch(other, target())).rejects.toThrow("another digest");
    find = () => undefined;
    await expect(received.fetch(mark, join(folder, "2"))).rejects.toThrow("no longer there");
    find = () => content;
    for (const [index, fault] of [
      { offset: 1 },
      { content: "AAAA" },
      { content: Buffer.alloc(300_000).toString("base64") },
    ].entries()) {
      change = (message) => (message.kind === "piece" ? { ...message, ...fault } : message);
      await expect(received.fetch(mark, join(folder, `fault-${index}`))).rejects.toThrow("as it was said to be");
    }
  });

  test("fails when the link is gone in the middle of it, and what waits behind it too", async () => {
    change = (message) => (pieces() > 2 ? undefined : message);
    const both = Promise.allSettled([received.fetch(mark, target()), received.fetch(mark, join(folder, "next"))]);
    await expect.poll(pieces).toBe(4 + 2);
    received.close();
    expect(await both).toMatchObject([{ reason: { code: "LINK_LOST" } }, { reason: { code: "LINK_LOST" } }]);
  });

  test("fails when nothing of it comes for two minutes, though the link stands, however slow it is", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const held: ExchangeMessage[] = [];
      change = (message) => void held.push(message);
      const fetched = received.fetch(mark, target());
      const failed = fetched.then(
        () => undefined,
        (error: unknown) => error,
      );
      for (let piece = 0; piece < 6; piece++) {
        while (held.length === 0) await setImmediate();
        vi.advanceTimersByTime(stalledMilliseconds - 1);
        for (const message of held.splice(0, 1)) received.take(message);
      }
      vi.advanceTimersByTime(stalledMilliseconds);
      expect(await failed).toMatchObject({ code: "LINK_LOST", message: expect.stringContaining("for 120 s") });
    } finally {
      vi.useRealTimers();
    }
  });

  test("is asked for in no more pieces at once than anybody needs", () => {
    find = () => content;
    const ask = () => received.take({ kind: "fetch", transfer: 1, digest, offset: 0 });
    for (let index = 0; index < 64; index++) ask();
    expect(ask).toThrow("than anybody needs");
  });
});

describe("files of a run that come from elsewhere", () => {
  const files: readonly RunFile[] = [
    { name: "model_A_7.safetensors", ...mark },
    { name: "program_7/state/best", ...mark },
    { name: "snapshot_7.safetensors", ...mark },
  ];
  const order = (fence: number) => exampleOrder(7, { filesFolder: folder, fence });
  const receive = (fence: number, given = files, may = () => true) => receiveFiles(received, order(fence), given, may);
  const there = () => readdirSync(folder).filter((name) => name !== ".orders");

  test("are put in their places, and replace what is there", async () => {
    raiseFence(order(3));
    mkdirSync(join(folder, "program_7", "old"), { recursive: true });
    await receive(3);
    expect(there().sort()).toEqual(["model_A_7.safetensors", "program_7", "snapshot_7.safetensors"]);
    expect(readdirSync(join(folder, "program_7"))).toEqual(["state"]);
    expect(readFileSync(join(folder, "snapshot_7.safetensors")).equals(content)).toBe(true);
  });

  test("leave nothing where one of them is wrong, or the run is another's, be it while they come", async () => {
    raiseFence(order(3));
    const wrong = { name: "output_7.log", ...mark, digest: sha256("another") };
    await expect(receive(3, [...files, wrong])).rejects.toMatchObject({ code: "BAD_TRANSFER" });
    await expect(receive(3, files, () => false)).rejects.toMatchObject({ code: "LINK_LOST" });
    change = (message) => {
      raiseFence(order(4));
      return message;
    };
    await expect(receive(3)).rejects.toMatchObject({ code: "RUN_GIVEN_AWAY" });
    await expect(receive(3)).rejects.toMatchObject({ code: "RUN_GIVEN_AWAY" });
    await endFences(folder, 9);
    await expect(receive(4)).rejects.toMatchObject({ code: "RUN_GIVEN_AWAY" });
    expect(there()).toEqual([]);
  });

  test("lie nowhere else than where files of this run may", async () => {
    raiseFence(order(3));
    const outside = join(temporaryFolder(), "outside");
    symlinkSync(outside, join(folder, "link_7"));
    for (const name of [
      "../model_7.onnx",
      "/model_7.onnx",
      "model_7/../../x",
      "model_7//x",
      "model_8.onnx",
      ".orders/7",
      unfinishedName("staging_7"),
      "model_7\0",
      `model_7${"x".repeat(256)}`,
      `program_7${"/x".repeat(16)}`,
      "",
    ])
      await expect(receive(3, [{ name, ...mark }]), name).rejects.toMatchObject({ code: "BAD_TRANSFER" });
    await expect(receive(3, [...files, ...files])).rejects.toThrow("twice");
    expect(faultOfRunFiles([{ name: "model_7.onnx", digest, bytes: 2 ** 41 }], { runId: 7 })).toContain("are the most");
    await receive(3, [{ name: "link_7", ...mark }]);
    expect(readFileSync(join(folder, "link_7")).equals(content)).toBe(true);
    expect(there()).toEqual(["link_7"]);
  });
});

test("module files lie at absolute paths, and are bounded", () => {
  const file = (path: string, bytes = 1) => ({ path, bytes, digest, isExecutable: false });
  expect(faultOfCode([file("/a/b.ts"), file("/a/c.py")])).toBeUndefined();
  for (const path of ["a.ts", "/a/../b.ts", "/a//b.ts", "/a\0"]) expect(faultOfCode([file(path)])).toContain("can lie");
  expect(faultOfCode([file("/a.ts", 2 ** 27)])).toContain("are the most");
});
