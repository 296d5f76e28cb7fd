import { setImmediate } from "node:timers/promises";
import { currentProcess } from "@ml-mosaic/base";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { exampleOrder } from "../../test/store-conformance-examples.ts";
import type { WorkerPlace } from "../supervisor/place.ts";
import { typescriptWorker } from "../supervisor/typescript-worker.ts";
import type { WorkerEnd } from "../supervisor/worker-process.ts";
import type { ChannelEvents } from "../wire/channel.ts";
import { stalledMilliseconds } from "./file-exchange.ts";
import { RemotePilot } from "./remote-pilot.ts";

const hello = {
  kind: "hello",
  host: "n1",
  process: { ...currentProcess(), scope: "another machine" },
  runs: 2,
  device: "cpu",
  processor: "a processor",
  left: [],
};

let sent: unknown[];
let said: string[];
let heard: unknown[];
let places: WorkerPlace[];
let pilot: RemotePilot;
let link: ChannelEvents;
let publish: PromiseWithResolvers<void>;

beforeEach(() => open(0));

function open(lateSeconds: number) {
  [sent, said, heard, places] = [[], [], [], []];
  publish = Promise.withResolvers();
  pilot = new RemotePilot(
    (events) => {
      link = events;
      return { send: (value) => sent.push(value), close: async () => undefined };
    },
    {
      name: "p",
      version: "1",
      folders: ["/project"],
      database: "d",
      silentSeconds: 100,
      lateSeconds,
      published: () => publish.promise,
      join: (place) => places.push(place),
      met: async () => undefined,
      changed: (_, what) => said.push(what),
    },
  );
}

const start = () =>
  places[0]?.start(typescriptWorker, {
    message: (message) => heard.push(message),
    nonsense: (why) => heard.push(why),
    progress: () => heard.push("progress"),
    exit: (end: WorkerEnd) => heard.push(end.how),
  });
const withdrawn = { kind: "withdrawn", token: 7 };

describe("a pilot elsewhere", () => {
  test("is told what it must see, and is as many places as it takes runs", async () => {
    expect(sent).toEqual([{ kind: "welcome", version: "1", folders: ["/project"], database: "d" }]);
    link.message(hello);
    await setImmediate();
    link.message(hello);
    await setImmediate();
    expect(places.map(({ isOpen, name }) => [isOpen, name])).toEqual([
      [true, "worker p on n1"],
      [true, "worker p on n1"],
    ]);
    start();
    expect(sent.at(-1)).toEqual({ kind: "start", worker: 1, program: null });
  });

  test("that was given up has lost its workers, and what they still say is not heard", async () => {
    link.message(hello);
    await setImmediate();
    const worker = start();
    link.message({ kind: "said", worker: 1, message: withdrawn });
    pilot.look(99);
    link.message({ kind: "beat" });
    pilot.look(99);
    expect(heard).toEqual([withdrawn]);
    pilot.look(2);
    expect(heard).toEqual([withdrawn, "worker p on n1 is gone: nothing was heard of it for 101 s"]);
    expect(places[0]?.isOpen).toBe(false);
    expect(worker?.hasEnded).toBe(true);
    link.message({ kind: "said", worker: 1, message: withdrawn });
    expect(heard).toHaveLength(2);
    // Frozen, or cut off, it comes again when it goes on.
    expect(sent.at(-1)).toEqual({ kind: "start", worker: 1, program: null });
  });

  test.each([0, 60])(
    "whose job is over is heard until its last words have come, %s s late, and takes no run",
    async (late) => {
      open(late);
      link.message(hello);
      await setImmediate();
      start();
      pilot.endWithJob("it was cancelled");
      expect(places.map(({ isOpen }) => isOpen)).toEqual([false, false]);
      pilot.look(late);
      pilot.look(2);
      pilot.endWithJob("it was cancelled");
      link.message({ kind: "said", worker: 1, message: withdrawn });
      expect(heard).toEqual([withdrawn]);
      expect(pilot.isGone).toBe(false);
      pilot.look(1);
      expect(heard.slice(1)).toEqual(["worker p on n1 is gone: it was cancelled"]);
      expect(said.at(-1)).toBe("worker p on n1 is gone: it was cancelled");
      expect(sent.at(-1)).toEqual({ kind: "leave", why: "it was cancelled" });
    },
  );

  test("is gone when nothing of a run's files comes for two minutes, though it says that it lives", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      link.message({ ...hello, isCarried: true });
      await setImmediate();
      const order = exampleOrder(7, { filesFolder: temporaryFolder(), fence: 7 });
      start()?.send({ kind: "run", token: 7, order, tellsPrepared: false, snapshotSeconds: undefined });
      const files = [{ name: "snapshot_7.bin", bytes: 3, digest: "0".repeat(64) }];
      const message = { kind: "snapshot", token: 7, epochs: 1, artifacts: [] };
      link.message({ kind: "said", worker: 1, message, files });
      while (!sent.some((each) => JSON.stringify(each).includes("fetch"))) await setImmediate();
      vi.advanceTimersByTime(stalledMilliseconds - 1);
      link.message({ kind: "beat" });
      await setImmediate();
      expect(pilot.isGone).toBe(false);
      vi.advanceTimersByTime(1);
      while (!pilot.isGone) await setImmediate();
      const why = "nothing of a file has come for 120 s, though the other side is there";
      expect(heard).toEqual([`worker p on n1 is gone: ${why}`]);
      expect(sent.at(-1)).toEqual({ kind: "leave", why });
    } finally {
      vi.useRealTimers();
    }
  });

  test("is heard no more of a worker that was killed, and at once of its end", async () => {
    link.message(hello);
    await setImmediate();
    start()?.kill();
    await Promise.resolve();
    expect(heard).toEqual(["ended by its supervisor"]);
    link.message({ kind: "said", worker: 1, message: withdrawn });
    link.message({ kind: "ended", worker: 1, end: { how: "killed by SIGKILL", lastWords: "" } });
    expect(heard).toHaveLength(1);
  });

  test("is told once how much of what it has said is published", async () => {
    link.message(hello);
    await setImmediate();
    for (const said of [0, 2, 2, 5]) pilot.tellPublished(said);
    expect(sent.slice(1)).toEqual([
      { kind: "published", said: 2 },
      { kind: "published", said: 5 },
    ]);
  });

  test("takes no further run when it leaves, and is gone when it says what no pilot says", async () => {
    link.message(hello);
    await setImmediate();
    link.message({ kind: "leaving", why: "it got SIGUSR2" });
    expect(places.map(({ isOpen }) => isOpen)).toEqual([false, false]);
    expect(pilot.isGone).toBe(false);
    link.message({ kind: "said", worker: 1, message: { kind: "done" } });
    expect(pilot.isGone).toBe(true);
    expect(said).toEqual(["worker p on n1 takes runs", "worker p on n1 leaves: it got SIGUSR2", ""]);
  });

  test("keeps what it has said of a run that nobody asks for until all that is stored is published", async () => {
    const left = [
      { worker: 1, runIds: [4], areOver: false },
      { worker: 2, runIds: [5], areOver: true },
    ];
    link.message({ ...hello, left });
    await setImmediate();
    for (const place of places) for (const { left } = place; left?.runIds.length; ) left.refuse(left.next() ?? 0);
    await setImmediate();
    expect(sent.slice(1)).toEqual([{ kind: "forget", worker: 1, runId: 4 }]);
    publish.resolve();
    await setImmediate();
    expect(sent.at(-1)).toEqual({ kind: "forget", worker: 2, runId: 5 });
  });

  test("that cannot start workers gets no further runs, and no other pilot is concerned", async () => {
    link.message(hello);
    await setImmediate();
    places[0]?.giveUp(new Error("no worker process can be started"));
    expect(places[0]?.isOpen).toBe(false);
    expect(said.at(-1)).toBe("worker p on n1 gets no further runs: no worker process can be started");
  });
});
