import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { temporaryFolder, until } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Channel, type ChannelEvents } from "./channel.ts";
import { frameOf } from "./frame.ts";

let server: Server;
let near: Socket;
let far: Socket;
let said: string[];

const events: ChannelEvents = {
  message: (value) => said.push(JSON.stringify(value)),
  broken: (why) => said.push(`broken: ${why}`),
  closed: () => said.push("closed"),
};
const hasSaid = (count: number) => until(() => said.length >= count, `${count} to be said`);

beforeEach(async () => {
  said = [];
  const path = join(temporaryFolder(), "socket");
  server = createServer().listen(path);
  await once(server, "listening");
  const come = once(server, "connection");
  far = connect(path);
  [near] = await come;
});
afterEach(() => {
  near.destroy();
  far.destroy();
  server.close();
});

test("messages come one after the other, until the other side is gone", async () => {
  new Channel(near, events);
  far.write(Buffer.concat([frameOf("1"), frameOf("2"), frameOf("[3]").subarray(0, 5)]));
  await hasSaid(2);
  expect(said).toEqual(["1", "2"]);
  far.end(frameOf("[3]").subarray(5));
  await hasSaid(4);
  expect(said).toEqual(["1", "2", "[3]", "closed"]);
});

test("after something that is no message none is read any more, and that is said once", async () => {
  new Channel(near, events);
  far.write(Buffer.concat([frameOf("1"), Buffer.from("Hello, world\n"), frameOf("2")]));
  await hasSaid(2);
  far.end(frameOf("3"));
  await hasSaid(3);
  expect(said).toEqual(["1", expect.stringMatching(/^broken: a frame says that it has 1214606444 bytes/), "closed"]);
});

test("what cannot be a message is thrown, and nothing of it sent", async () => {
  const channel = new Channel(near, events);
  expect(() => channel.send({ when: new Date() })).toThrow("when is an object of a class");
  channel.send({ kind: "pause" });
  const [bytes] = await once(far, "data");
  expect(bytes).toEqual(frameOf('{"kind":"pause"}'));
});

test("who sends to nobody is told all the same that it is over", async () => {
  const channel = new Channel(near, events);
  const isOver = new Promise<void>((resolve) => channel.send("x".repeat(10_000_000), resolve));
  far.destroy();
  await isOver;
  await hasSaid(1);
  await new Promise<void>((resolve) => channel.send(1, resolve));
});

test("a mistake of the reader's own is not taken for the other side's", () => {
  const broken: string[] = [];
  new Channel(near, {
    ...events,
    message() {
      throw new RangeError("a mistake here");
    },
    broken: (why) => broken.push(why),
  });
  expect(() => near.emit("data", frameOf("1"))).toThrow("a mistake here");
  expect(broken).toEqual([]);
});
