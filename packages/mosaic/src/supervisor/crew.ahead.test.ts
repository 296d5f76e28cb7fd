/** Two workers elsewhere, played by this process: one takes work ahead, and gives it back when another has none. */
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { exampleExperiment, exampleOrder, exampleResult, exampleRun } from "../../test/store-conformance-examples.ts";
import { openSqliteStore } from "../store/index.ts";
import type { FromWorker } from "../worker/messages.ts";
import { localPlace } from "./local-place.ts";
import type { WorkerPlace } from "./place.ts";
import type { WorkerProgram } from "./spawned-worker.ts";
import { supervise } from "./supervise.ts";
import { typescriptWorker } from "./typescript-worker.ts";
import type { WorkerEvents } from "./worker-process.ts";

const runs = 40;

/** Has the orders that it was sent, and carries one out when it is told to. */
function workerElsewhere(name: string) {
  let orders: readonly { readonly token: number; readonly runId: number }[] = [];
  let events: WorkerEvents | undefined;
  const carriedOut: number[] = [];
  const tell = (message: FromWorker) => void events?.message(message);
  const place: WorkerPlace = {
    name,
    device: "cpu",
    aheadSeconds: 120,
    mostAhead: 64,
    lateSeconds: 0,
    wishes: {},
    isElsewhere: true,
    isOpen: true,
    start(_program, given) {
      events = given;
      return {
        hasEnded: false,
        send(message) {
          if (message.kind === "run") orders = [...orders, { token: message.token, runId: message.order.runId }];
          const { token } = message;
          if (message.kind !== "withdraw" || !orders.slice(1).some((order) => order.token === token)) return;
          orders = orders.filter((order) => order.token !== token);
          tell({ kind: "withdrawn", token });
        },
        kill: () => undefined,
        signal: () => undefined,
      };
    },
    giveUp(error) {
      throw error;
    },
  };
  return {
    place,
    carriedOut,
    get orders() {
      return orders.length;
    },
    work(seconds = 2) {
      const [first, ...others] = orders;
      if (first === undefined) return;
      orders = others;
      carriedOut.push(first.runId);
      const { token } = first;
      // A result says how long it took.
      const result = { ...exampleResult, "duration(s)": seconds };
      tell({ kind: "done", token, result, directions: {}, records: [], artifacts: [], last: false });
    },
  };
}

/** The first place is there from the start. */
async function openCrew(
  first: WorkerPlace,
  programOf: (runId: number) => WorkerProgram = () => typescriptWorker,
  runSeconds = Number.POSITIVE_INFINITY,
) {
  const store = await openSqliteStore(join(temporaryFolder(), "ahead.db"));
  const experimentId = await store.createExperiment(exampleExperiment);
  await store.addRuns(
    experimentId,
    Array.from({ length: runs }, (_, index) => exampleRun({ identity: `identity ${index}` })),
  );
  let joinLater: (place: WorkerPlace) => void = () => undefined;
  const never = new AbortController().signal;
  const supervising = supervise({
    store,
    experimentId,
    places: [],
    snapshotSeconds: undefined,
    elsewhere: {
      async open(join) {
        join(first);
        joinLater = join;
      },
      close: async () => undefined,
    },
    workOf: ({ runId, pipeline, repetition, seed }) => ({
      order: exampleOrder(runId, { pipeline, repetition, seed }),
      program: programOf(runId),
    }),
    onEvent: () => undefined,
    limits: { runSeconds, epochSeconds: Number.POSITIVE_INFINITY },
    finish: never,
    pause: never,
    stop: never,
  });
  return { store, supervising, join: (place: WorkerPlace) => joinLater(place) };
}

test("a worker elsewhere has two minutes of work ahead, and gives half back to one that has none", async () => {
  const [one, other] = [workerElsewhere("one"), workerElsewhere("other")];
  const { store, supervising, join: joinLater } = await openCrew(one.place);
  // Until something has been learnt it has one, and then as many as are left.
  await expect.poll(() => one.orders).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 1200));
  one.work();
  await expect.poll(() => one.orders).toBe(runs - 1);
  joinLater(other.place);
  await expect.poll(() => other.orders).toBeGreaterThan(0);
  expect(one.orders).toBeLessThan(runs - 1);
  const working = setInterval(() => {
    one.work();
    other.work();
  }, 20);
  await supervising;
  clearInterval(working);
  expect(await store.countByStatus()).toEqual(new Map([["done", runs]]));
  const all = [...one.carriedOut, ...other.carriedOut];
  expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: runs }, (_, index) => index + 1));
  expect(other.carriedOut.length).toBeGreaterThan(5);
  await store.close();
});

test("of brief runs a worker of this machine has many ahead, and few results are stored as well", async () => {
  const one = workerElsewhere("one");
  const { aheadSeconds, mostAhead } = localPlace("cpu", 0);
  const { store, supervising } = await openCrew({ ...one.place, aheadSeconds, mostAhead, isElsewhere: false });
  await expect.poll(() => one.orders).toBe(1);
  one.work(0.001);
  await expect.poll(() => one.orders).toBe(mostAhead + 1);
  for (let count = 0; count < 3; count++) one.work(0.001);
  await expect.poll(() => store.countByStatus().then((counts) => counts.get("done"))).toBe(4);
  const working = setInterval(() => one.work(0.001), 1);
  await supervising;
  clearInterval(working);
  expect(one.carriedOut).toEqual(Array.from({ length: runs }, (_, index) => index + 1));
  await store.close();
});

test("what waits for another program than the one at work is another worker's", async () => {
  const [one, other] = [workerElsewhere("one"), workerElsewhere("other")];
  const python: WorkerProgram = { command: "python3", args: [], environment: {} };
  const {
    store,
    supervising,
    join: joinLater,
  } = await openCrew(one.place, (runId) => (runId > 2 ? python : typescriptWorker));
  await expect.poll(() => one.orders).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 1200));
  one.work();
  await expect.poll(() => store.countByStatus().then((counts) => counts.get("running"))).toBe(runs - 1);
  expect(one.orders).toBe(1);
  joinLater(other.place);
  await expect.poll(() => other.orders).toBeGreaterThan(0);
  const working = setInterval(() => {
    one.work();
    other.work();
  }, 20);
  await supervising;
  clearInterval(working);
  expect(await store.countByStatus()).toEqual(new Map([["done", runs]]));
  await store.close();
});

test("what a worker has said that is given up since is not held against the next one", async () => {
  let orders: number[] = [];
  let events: WorkerEvents | undefined;
  const place: WorkerPlace = {
    ...workerElsewhere("one").place,
    mostAhead: 1,
    start(_program, given) {
      events = given;
      orders = [];
      return {
        hasEnded: false,
        send: (message) => void (message.kind === "run" && orders.push(message.token)),
        kill: () => undefined,
        signal: () => undefined,
      };
    },
  };
  const { store, supervising } = await openCrew(place);
  const tell = (message: FromWorker) => void events?.message(message);
  let isFirst = true;
  const working = setInterval(() => {
    const [token, waiting] = orders;
    if (token === undefined) return;
    orders = [];
    if (isFirst)
      tell({ kind: "done", token, result: exampleResult, directions: {}, records: [], artifacts: [], last: false });
    else tell({ kind: "failed", token, error: "Error: no luck", trouble: null, codeChanged: false });
    // Asked for in the moment in which its worker had failed.
    if (!isFirst && waiting !== undefined) tell({ kind: "withdrawn", token: waiting });
    isFirst = false;
  }, 5);
  await supervising;
  clearInterval(working);
  expect(await store.countByStatus()).toEqual(
    new Map([
      ["done", 1],
      ["error", runs - 1],
    ]),
  );
  await store.close();
});

test("a place that only says what is over takes no other run, when that is stored already", async () => {
  const [spoken, other] = [workerElsewhere("spoken"), workerElsewhere("other")];
  let left: readonly number[] = [runs + 1, runs + 2];
  const refused: number[] = [];
  const place: WorkerPlace = {
    ...spoken.place,
    left: {
      get runIds() {
        return left;
      },
      next() {
        const [runId, ...others] = left;
        left = others;
        return runId;
      },
      refuse: (runId) => void refused.push(runId),
    },
    get isOpen() {
      return left.length > 0;
    },
  };
  const { store, supervising, join: joinLater } = await openCrew(place);
  await expect.poll(() => refused).toEqual([runs + 1, runs + 2]);
  joinLater(other.place);
  const working = setInterval(() => other.work(), 5);
  await supervising;
  clearInterval(working);
  expect(spoken.orders).toBe(0);
  expect(await store.countByStatus()).toEqual(new Map([["done", runs]]));
  await store.close();
});

test("where a lease is lost among results that come together, the runs behind them are another worker's", async () => {
  let orders: { readonly token: number; readonly runId: number }[] = [];
  let events: WorkerEvents | undefined;
  let workers = 0;
  const place: WorkerPlace = {
    ...workerElsewhere("one").place,
    start(_program, given) {
      events = given;
      orders = [];
      workers++;
      return {
        hasEnded: false,
        send(message) {
          if (message.kind === "run") orders.push({ token: message.token, runId: message.order.runId });
        },
        kill: () => undefined,
        signal: () => undefined,
      };
    },
  };
  const { store, supervising } = await openCrew(place);
  const finish = (count: number) => {
    for (const { token } of orders.splice(0, count))
      events?.message({
        ...{ kind: "done", token, result: { ...exampleResult, "duration(s)": 0.5 } },
        ...{ directions: {}, records: [], artifacts: [], last: false },
      });
  };
  await expect.poll(() => orders.length).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 1200));
  finish(1);
  await expect.poll(() => orders.length).toBeGreaterThan(10);
  const [, lost = { token: 0, runId: 0 }] = orders;
  await store.giveBackRun(lost, { kind: "stopped" });
  finish(3);
  await expect.poll(() => workers).toBe(2);
  const working = setInterval(() => finish(5), 5);
  await supervising;
  clearInterval(working);
  expect(await store.countByStatus()).toEqual(new Map([["done", runs]]));
  await store.close();
});

test("a run takes no longer because its files are on their way, and one behind it fails whose order cannot be sent", async () => {
  const orders: number[] = [];
  let events: WorkerEvents | undefined;
  let isReceiving = false;
  const place: WorkerPlace = {
    ...workerElsewhere("one").place,
    start(_program, given) {
      events = given;
      return {
        hasEnded: false,
        get isReceiving() {
          return isReceiving;
        },
        send: (message) => void (message.kind === "run" && orders.push(message.token)),
        kill: () => undefined,
        signal: () => undefined,
      };
    },
  };
  const { store, supervising } = await openCrew(place, undefined, 2);
  const finish = () => {
    const [token] = orders.splice(0, 1);
    if (token === undefined) return;
    const result = { ...exampleResult, "duration(s)": 0.5 };
    events?.message({ kind: "done", token, result, directions: {}, records: [], artifacts: [], last: false });
  };
  await expect.poll(() => orders.length).toBe(1);
  isReceiving = true;
  await new Promise((resolve) => setTimeout(resolve, 4000));
  isReceiving = false;
  finish();
  await expect.poll(() => orders.length).toBeGreaterThan(2);
  const [unsent = 0] = orders.splice(1, 1);
  events?.message({ kind: "failed", token: unsent, error: "too long", trouble: null, codeChanged: false });
  const working = setInterval(finish, 5);
  await supervising;
  clearInterval(working);
  expect(await store.countByStatus()).toEqual(
    new Map([
      ["done", runs - 1],
      ["error", 1],
    ]),
  );
  await store.close();
});

test("one that takes no further run, and may never answer, keeps no other from what waits elsewhere", async () => {
  const [one, silent, other] = [workerElsewhere("one"), workerElsewhere("silent"), workerElsewhere("other")];
  let [isOpen, isAsked] = [true, false];
  let end: () => unknown = () => undefined;
  const place: WorkerPlace = {
    ...silent.place,
    get isOpen() {
      return isOpen;
    },
    start(program, events) {
      const worker = silent.place.start(program, events);
      end = () => events.exit({ how: "gone", lastWords: "", begun: undefined });
      const send: typeof worker.send = (message) => {
        if (message.kind === "withdraw") isAsked = true;
        else worker.send(message);
      };
      return { ...worker, send };
    },
  };
  const { store, supervising, join: joinLater } = await openCrew(one.place);
  // How many are left is looked for now and then.
  await expect
    .poll(() => {
      if (one.orders === 1) one.work();
      return one.orders;
    })
    .toBeGreaterThan(20);
  joinLater(place);
  await expect.poll(() => silent.orders).toBeGreaterThan(0);
  silent.work();
  await expect.poll(() => silent.orders).toBeGreaterThan(10);
  while (one.orders > 5) one.work();
  await expect.poll(() => store.countByStatus().then((counts) => counts.get("running"))).toBe(5 + silent.orders);
  joinLater(other.place);
  await expect.poll(() => isAsked).toBe(true);
  expect(other.orders).toBe(0);
  isOpen = false;
  // After two minutes with its run the first gives back what waits in any case.
  await expect.poll(() => other.orders, { timeout: 60_000 }).toBeGreaterThan(0);
  end();
  const working = setInterval(() => {
    one.work();
    other.work();
  }, 5);
  await supervising;
  clearInterval(working);
  expect(await store.countByStatus()).toEqual(new Map([["done", runs]]));
  await store.close();
});
