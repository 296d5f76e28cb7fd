/** A pilot whose supervisors are played by this process, with workers that say what files tell them to. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder, until } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exampleOrder, exampleResult } from "../../test/store-conformance-examples.ts";
import type { WorkerProgram } from "../supervisor/spawned-worker.ts";
import type { ChannelEvents } from "../wire/channel.ts";
import { beginPilot } from "./begin-pilot.ts";
import type { Connect } from "./link.ts";
import type { FromPilot, ToPilot } from "./messages.ts";

/** Has a run at hand and one behind it; what it says of the one at hand stands in `say-<id>`. */
const workerScript = `
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { Socket } from "node:net";
import { Channel } from ${JSON.stringify(new URL("../wire/channel.ts", import.meta.url).href)};
let orders = [];
let isLast = false;
const channel = new Channel(new Socket({ fd: 3 }), {
  message(message) {
    const { kind, token } = message;
    if (kind === "run") orders.push(message);
    if (kind === "withdraw" && orders.slice(1).some((order) => order.token === token)) {
      orders = orders.filter((order) => order.token !== token);
      channel.send({ kind: "withdrawn", token });
      appendFileSync(orders[0].order.folder + "/withdrawn", token + " ");
    }
  },
  broken: () => process.exit(1),
  closed: () => process.exit(0),
});
let begun;
setInterval(() => {
  const [first] = orders;
  if (first === undefined || isLast) return;
  const { token, order } = first;
  if (begun !== token) appendFileSync(order.folder + "/begun", order.runId + " ");
  begun = token;
  const file = order.folder + "/say-" + order.runId;
  if (!existsSync(file)) return;
  const said = JSON.parse(readFileSync(file, "utf8"));
  isLast = said.kind === "failed" || said.last;
  orders.shift();
  channel.send({ ...said, token });
}, 10);
`;

let folder: string;
let program: WorkerProgram;
let supervisors: ((found: Connect | "ended") => void)[];
let leave: AbortController;
let over: Promise<string>;

beforeEach(() => {
  folder = temporaryFolder();
  const script = join(folder, "worker.ts");
  writeFileSync(script, workerScript);
  program = { command: process.execPath, args: ["--disable-warning=ExperimentalWarning", script], environment: {} };
  supervisors = [];
  leave = new AbortController();
  const meeting = {
    next: () => new Promise<Connect | "ended">((resolve) => supervisors.push(resolve)),
    forget: async () => undefined,
  };
  const options = { version: "1", runs: 1, device: "cpu", lingerMilliseconds: 0, say: () => undefined };
  over = beginPilot(meeting, { ...options, leave: leave.signal, restMilliseconds: () => 60_000 });
});
afterEach(async () => {
  leave.abort("the test is over");
  for (const found of supervisors) found("ended");
  await over;
});

const order = (runId: number) => exampleOrder(runId, { pipeline: { modules: [], training: {} }, folder });

async function supervisor() {
  await until(() => supervisors.length > 0, "that it waits for a supervisor");
  const heard: FromPilot[] = [];
  let events: ChannelEvents | undefined;
  supervisors.shift()?.((given) => {
    events = given;
    return { send: (value) => heard.push(value as FromPilot), close: async () => undefined };
  });
  const tell = (message: ToPilot) => events?.message(message);
  await until(() => events !== undefined, "that it comes");
  tell({ kind: "welcome", version: "1", folders: [], database: "d" });
  return {
    heard,
    tell,
    start: (worker: number) => tell({ kind: "start", worker, program }),
    run: (worker: number, token: number, runId: number) =>
      tell({ kind: "tell", worker, message: { kind: "run", token, order: order(runId), tellsPrepared: false } }),
    /** What it has said of runs, and which workers it has said to have ended. */
    get news() {
      return heard.flatMap((message) => {
        if (message.kind === "said") return [`${message.message.kind} ${message.message.token}`];
        return message.kind === "ended" ? [`ended ${message.worker}`] : [];
      });
    },
    get left() {
      // A worker may say something first.
      return heard.flatMap((message) => (message.kind === "hello" ? message.left : []));
    },
    die: () => events?.closed(),
  };
}

/** At once, as a worker may look at any moment. */
function say(runId: number, message: object): void {
  writeFileSync(join(folder, "said"), JSON.stringify(message));
  renameSync(join(folder, "said"), join(folder, `say-${runId}`));
}
const done = { kind: "done", result: exampleResult, directions: {}, records: [], artifacts: [], last: false };
const failed = { kind: "failed", error: "Error: no", trouble: null, codeChanged: false };
const begun = () => (existsSync(join(folder, "begun")) ? readFileSync(join(folder, "begun"), "utf8") : "");

test.each([
  ["done, the worker's last run", { ...done, last: true }],
  ["failed", failed],
])("a run that waits behind one that is %s while nobody is there waits for the next supervisor", async (_, message) => {
  const first = await supervisor();
  first.start(1);
  first.run(1, 11, 1);
  first.run(1, 12, 2);
  await until(() => begun() === "1 ", "the first run");
  first.die();
  say(1, message);
  const watcher = await supervisorWhen((left) => left.every(({ areOver }) => areOver));
  expect(watcher.left.map(({ runIds }) => runIds)).toEqual([[1]]);
  watcher.start(1);
  watcher.run(1, 22, 2);
  say(2, done);
  await until(() => watcher.news.includes("done 22"), "the second run");
});

/** Supervisors come and go until one finds that. */
async function supervisorWhen(isSo: (left: Awaited<ReturnType<typeof supervisor>>["left"]) => boolean) {
  for (;;) {
    const next = await supervisor();
    if (isSo(next.left)) return next;
    next.die();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("a failure that is not the run's own is said, and to no other supervisor", async () => {
  const first = await supervisor();
  first.start(1);
  first.run(1, 11, 1);
  say(1, { ...failed, trouble: "the disk is full" });
  await until(() => first.news.includes("failed 11"), "its failure");
  first.die();
  const second = await supervisor();
  expect(second.left).toEqual([]);
});

test("to forget a run ends no other one's worker, and a worker that is ended for it ends no later one", async () => {
  const first = await supervisor();
  first.start(1);
  for (const runId of [1, 2, 3]) first.run(1, 10 + runId, runId);
  await until(() => begun() === "1 ", "the first run");
  first.die();
  const second = await supervisor();
  expect(second.left).toEqual([{ worker: 1, runIds: [1, 2, 3], areOver: false }]);
  second.tell({ kind: "forget", worker: 1, runId: 2 });
  second.tell({ kind: "forget", worker: 1, runId: 3 });
  // Before the first run ends, after which the second one would be at hand.
  await until(() => existsSync(join(folder, "withdrawn")), "that the second run is taken back");
  second.start(1);
  second.run(1, 21, 1);
  say(1, done);
  await until(() => second.news.includes("done 21"), "the first run");
  expect(second.news).toEqual(["done 21"]);
  second.run(1, 24, 4);
  await until(() => begun() === "1 4 ", "the fourth run");
  second.die();
  const third = await supervisor();
  // At hand.
  third.tell({ kind: "forget", worker: 1, runId: 4 });
  third.start(1);
  third.run(1, 35, 5);
  await until(() => begun() === "1 4 5 ", "the fifth run");
  say(5, done);
  await until(() => third.news.includes("done 35"), "its end");
  expect(third.news).toEqual(["done 35"]);
});

test("an order that comes when the pilot leaves is given back at once", async () => {
  const only = await supervisor();
  only.start(1);
  only.run(1, 11, 1);
  await until(() => begun() === "1 ", "the first run");
  say(1, done);
  await until(() => only.news.includes("done 11"), "its end");
  only.start(2);
  only.run(2, 12, 2);
  await until(() => begun() === "1 2 ", "the second run");
  leave.abort("it must");
  only.run(1, 13, 3);
  expect(only.news).toContain("withdrawn 13");
  expect(await over).toBe("left");
});

test("a run that fails as its job is ended is given back: what it has started has had the signal too", async () => {
  const only = await supervisor();
  only.start(1);
  const paused = { ...order(1), filesFolder: folder };
  only.tell({ kind: "tell", worker: 1, message: { kind: "run", token: 11, order: paused, tellsPrepared: false } });
  await until(() => begun() === "1 ", "the run");
  leave.abort("it got SIGTERM");
  say(1, failed);
  expect(await over).toBe("left");
  expect(only.news).toEqual(["ended 1"]);
});

test("a worker that an earlier supervisor has left takes no run of another language", async () => {
  const first = await supervisor();
  first.start(1);
  first.run(1, 11, 1);
  await until(() => begun() === "1 ", "the first run");
  first.die();
  say(1, done);
  const second = await supervisor();
  const script = join(folder, "other.ts");
  writeFileSync(script, workerScript.replace('order.runId + " "', '"other "'));
  second.tell({ kind: "start", worker: 1, program: { ...program, args: [script] } });
  second.run(1, 22, 2);
  await until(() => begun() === "1 other ", "the second run");
});

test("a worker that cannot be started is said to have ended, and disturbs no other one", async () => {
  const only = await supervisor();
  only.start(1);
  only.run(1, 11, 1);
  const { TMPDIR } = process.env;
  process.env.TMPDIR = join(folder, "full");
  try {
    only.start(2);
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
  expect(only.news).toEqual(["ended 2"]);
  say(1, done);
  await until(() => only.news.includes("done 11"), "the run of the other one");
});
