/** A worker that sees nothing of the supervisor's folders: what it says waits for its files. */
import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, expect, test } from "vitest";
import { exampleOrder } from "../../test/store-conformance-examples.ts";
import { MosaicError } from "../errors.ts";
import type { FromWorker } from "../worker/messages.ts";
import { type ExchangeMessage, FileExchange } from "./file-exchange.ts";
import { RemoteWorker } from "./remote-worker.ts";

const token = 3;
const order = (filesFolder: string) => exampleOrder(7, { filesFolder, fence: token });

let folder: string;
let heard: unknown[];
let asked: Extract<ExchangeMessage, { readonly kind: "fetch" }>[];
let exchange: FileExchange;
let worker: RemoteWorker;
let cannotBeSent: boolean;

beforeEach(() => {
  [folder, heard, asked, cannotBeSent] = [temporaryFolder(), [], [], false];
  exchange = new FileExchange({
    find: () => undefined,
    send: (message) => void (message.kind === "fetch" && asked.push(message)),
  });
  worker = new RemoteWorker(
    {
      message: (message) => heard.push(message),
      nonsense: (why) => heard.push(why),
      progress: () => undefined,
      exit: (end) => heard.push(end),
    },
    {
      exchange,
      seesFolders: false,
      tell() {
        if (cannotBeSent) throw new MosaicError("BAD_MESSAGE", "a message of so many bytes cannot be sent");
      },
      offer: () => undefined,
      kill: () => heard.push("killed"),
      lose: (why) => heard.push(why),
    },
  );
});
const send = () => worker.send({ kind: "run", token, order: order(folder), tellsPrepared: false });
const fileOf = (text: string) => [{ name: "snapshot_7.bin", bytes: text.length, digest: hash("sha256", text) }];
const snapshot = (epochs: number): FromWorker => ({ kind: "snapshot", token, epochs, artifacts: [] });
const prepared: FromWorker = { kind: "prepared", token };
async function come(text: string) {
  await expect.poll(() => asked.length).toBe(1);
  const [{ transfer, offset } = { transfer: 0, offset: 0 }] = asked.splice(0);
  exchange.take({ kind: "piece", transfer, offset, content: Buffer.from(text).toString("base64") });
}

test("is heard in the order in which it has spoken, be it nonsense, and says that it waits meanwhile", async () => {
  send();
  const effect = worker.hear(snapshot(1), fileOf("one"));
  worker.hear(prepared, undefined);
  worker.nonsense("no message");
  expect(worker.isReceiving).toBe(true);
  await come("one");
  await effect;
  await expect.poll(() => worker.isReceiving).toBe(false);
  expect(heard).toEqual([snapshot(1), prepared, "no message"]);
});

test("cut off while its files come, has what it has said count when its end has had its effect", async () => {
  send();
  const effect = Promise.resolve(worker.hear(snapshot(1), fileOf("one"))).then(() => "counts");
  const settled = Promise.withResolvers<void>();
  await expect.poll(() => asked.length).toBe(1);
  worker.cutOff(() => settled.promise);
  await come("one");
  expect(await Promise.race([effect, new Promise((resolve) => setTimeout(resolve, 50, "waits"))])).toBe("waits");
  settled.resolve();
  expect(await effect).toBe("counts");
  expect(heard).toEqual([]);
});

test("ends for its run, and is replaced, where files do not come as it had said", async () => {
  send();
  const effect = worker.hear(snapshot(1), fileOf("one"));
  worker.hear(prepared, undefined);
  await come("two");
  await effect;
  const how = "ended: its files have not come as it had said: a file has come with another digest than was said";
  expect(heard).toEqual(["killed", { how, lastWords: "", begun: token }]);
  expect(worker.hasEnded).toBe(true);
});

test("sends the files of its latest snapshot alone where they are made faster than they come", async () => {
  send();
  const hear = (epochs: number) => worker.hear(snapshot(epochs), fileOf(`snapshot ${epochs}`));
  const first = hear(1);
  await expect.poll(() => asked.length).toBe(1);
  const effects = [first, hear(2), hear(3)];
  await come("snapshot 1");
  await come("snapshot 3");
  await Promise.all(effects);
  expect(heard).toEqual([snapshot(1), snapshot(3)]);
  expect(readFileSync(join(folder, "snapshot_7.bin"), "utf8")).toBe("snapshot 3");
});

test("has a run fail whose order cannot be sent, and is sent the next one", async () => {
  cannotBeSent = true;
  send();
  await expect.poll(() => heard).toMatchObject([{ kind: "failed", token, trouble: null }]);
  cannotBeSent = false;
  send();
  await setImmediate();
  worker.hear(prepared, undefined);
  expect(heard).toHaveLength(2);
});
