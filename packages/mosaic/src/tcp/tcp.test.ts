/** A supervisor's port: to whom it answers, and what those who know the token say to each other. */
import { once } from "node:events";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Connect, Landing, Link } from "../pilot/link.ts";
import { frameOf } from "../wire/frame.ts";
import { writeValue } from "../wire/values.ts";
import { readAddress } from "./address.ts";
import { greet } from "./handshake.ts";
import { tcpLanding } from "./landing.ts";
import { silentMilliseconds, TcpLink } from "./link.ts";
import { meetAtPort } from "./meeting.ts";
import { readToken } from "./token.ts";

const token = "a".repeat(64);
const host = "127.0.0.1";

let landing: Landing;
let port: number;
let come: (readonly [name: string, connect: Connect])[];
beforeEach(async () => {
  come = [];
  const said: string[] = [];
  const open = tcpLanding({ host, port: 0 }, token, (line) => said.push(line));
  landing = await open(
    (...one) => come.push(one),
    () => undefined,
  );
  port = Number(/:(\d+);/.exec(said.join())?.[1]);
});
afterEach(() => landing.close(true));

/** What a stranger hears, who says this. */
async function hears(...said: readonly Buffer[]): Promise<{ bytes: number; isClosed: boolean }> {
  const socket: Socket = connect({ host, port });
  let bytes = 0;
  let isClosed = false;
  socket.on("error", () => undefined);
  socket.on("close", () => {
    isClosed = true;
  });
  socket.on("data", (data: Buffer) => {
    bytes += data.length;
  });
  for (const each of said) socket.write(each);
  await expect.poll(() => isClosed || said.length === 0).toBe(true);
  await delay(50);
  socket.destroy();
  return { bytes, isClosed };
}
const framed = (value: unknown) => frameOf(writeValue(value));

/** A worker that has met the supervisor, and both ends of the link. */
async function meet(known = token) {
  const found = await meetAtPort({ host, port }, known, "w").next(0, new AbortController().signal);
  if (typeof found === "string") return found;
  await expect.poll(() => come.length).toBe(1);
  const heard: Record<"worker" | "supervisor", unknown[]> = { worker: [], supervisor: [] };
  const events = (side: keyof typeof heard) => ({
    message: (value: unknown) => heard[side].push(value),
    broken: (why: string) => heard[side].push(why),
    closed: () => heard[side].push("closed"),
  });
  const worker: Link = found(events("worker"));
  const supervisor = come[0]?.[1](events("supervisor"));
  return { heard, worker, supervisor };
}

describe("a port for workers", () => {
  test("has those meet who know the token, and says what they say, in order", async () => {
    const met = await meet();
    if (typeof met === "string") throw new Error(met);
    const { heard, worker, supervisor } = met;
    for (let index = 0; index < 1000; index++) worker.send({ index });
    supervisor?.send({ large: "l".repeat(100_000) });
    await expect.poll(() => heard.supervisor.length + heard.worker.length).toBe(1001);
    expect(heard.supervisor).toEqual(Array.from({ length: 1000 }, (_, index) => ({ index })));
    worker.send("the last");
    await worker.close(1000);
    await expect.poll(() => heard.supervisor.slice(1000)).toEqual(["the last", "closed"]);
    expect(heard.worker).toHaveLength(1);
    expect(come[0]?.[0]).toMatch(/^w\.1$/);
    await supervisor?.close(1000);
  });

  test("answers nobody who does not prove to know the token", async () => {
    expect(await meet("b".repeat(64))).toBe("nobody");
    const wrong = greet("b".repeat(64), "w");
    for (const said of [
      Buffer.from("GET / HTTP/1.0\r\n\r\n"),
      framed({}),
      framed(wrong),
      framed({ ...greet(token, "w"), name: "another" }),
      framed("x".repeat(5000)),
      Buffer.alloc(5000, 255),
    ])
      expect(await hears(said)).toEqual({ bytes: 0, isClosed: true });
    expect(await hears()).toEqual({ bytes: 0, isClosed: false });
    expect(come).toEqual([]);
  });

  test("tells who repeats an earlier greeting no more than a reply to it, and has nobody come", async () => {
    const recorded = framed(greet(token, "w"));
    const { bytes, isClosed } = await hears(recorded, framed("0".repeat(64)));
    expect(isClosed).toBe(true);
    expect(bytes).toBeGreaterThan(0);
    expect(come).toEqual([]);
  });
});

test("a link over which nothing comes is given up, whatever this side says", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  // What stands between two machines may take what one says, and say nothing of the other's end.
  const server = createServer((socket) => socket.resume()).listen(0, host);
  try {
    await once(server, "listening");
    const address = server.address();
    const heard: string[] = [];
    const events = { message: () => undefined, broken: () => undefined, closed: () => heard.push("closed") };
    const socket = connect({ host, port: typeof address === "object" ? (address?.port ?? 0) : 0 });
    await once(socket, "connect");
    new TcpLink(socket, events).know(events);
    vi.advanceTimersByTime(silentMilliseconds);
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(silentMilliseconds / 10);
    await expect.poll(() => heard).toEqual(["closed"]);
  } finally {
    vi.useRealTimers();
    server.close();
  }
});

test("a token is made once, for its owner alone, and is refused where others can read it", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "mosaic", "token");
  await expect(readToken(file, false)).rejects.toThrow("it is missing: copy that of the machine of mosaic run");
  const [made, ...others] = await Promise.all(Array.from({ length: 8 }, () => readToken(file, true)));
  expect(new Set(others)).toEqual(new Set([made]));
  expect(readFileSync(file, "utf8")).toBe(`${made}\n`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  chmodSync(file, 0o640);
  await expect(readToken(file, false)).rejects.toThrow("others can read it");
  chmodSync(file, 0o600);
  writeFileSync(file, "short");
  await expect(readToken(file, false)).rejects.toThrow("64 hexadecimal digits");
  await rm(folder, { recursive: true });
});

test("addresses are host and port", () => {
  expect(readAddress("10.0.0.1:7000")).toEqual({ host: "10.0.0.1", port: 7000 });
  expect(readAddress("[::1]:7000")).toEqual({ host: "::1", port: 7000 });
  expect(readAddress("7000", "0.0.0.0")).toEqual({ host: "0.0.0.0", port: 7000 });
  for (const text of ["7000", "host", "host:", "host:70000", ":7000"])
    expect(() => readAddress(text)).toThrow("write host:port");
});
