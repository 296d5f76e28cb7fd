/**
 * A board that is followed for very long, by a page and by clients that do harm: nothing grows. `npm run test:harm` has the
 * 36,000 changes of an hour at ten a second, sped up.
 */
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { temporaryFolder, until } from "@ml-mosaic/testing";
import type { BoardServer } from "ml-mosaic/reading";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSqliteStore } from "../../mosaic/src/store/index.ts";
import type { Store } from "../../mosaic/src/store/store.ts";
import {
  exampleEpoch,
  exampleExperiment,
  exampleResult,
  exampleRun,
  leaseRun,
} from "../../mosaic/test/store-conformance-examples.ts";
import { startBoardServer } from "../src/server/board-server.ts";

const changes = Number(process.env.HARM_CHANGES ?? 300);
const running = changes > 5000 ? 200 : 24;
/** Of the heap before; a small one that was read after few changes is less steady. */
const mostGrowth = changes < 10_000 ? 1.5 : 1.2;

let store: Store;
let experimentId: number;
let server: BoardServer;
let browser: Browser;
let stop = async () => {};

beforeAll(async () => {
  const database = join(temporaryFolder(), "or.db");
  store = await openSqliteStore(database);
  experimentId = await store.createExperiment(exampleExperiment);
  await store.addRuns(
    experimentId,
    Array.from({ length: 4 * running }, (_, index) => exampleRun({ identity: String(index), repetition: index })),
  );
  server = await startBoardServer({
    databases: [database],
    host: "127.0.0.1",
    port: 0,
    allowHosts: [],
    hasToken: false,
  });
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium-headless-shell",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
});
afterAll(async () => {
  await stop();
  await browser.close();
  await server.close();
  await store.close();
});

/** Bytes, after the garbage is gone. */
function ownHeap(): number {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize;
}

/** Trains for as long as it is not stopped: an epoch of every run at once, now and then one ends and the next begins. */
function train() {
  let isStopped = false;
  const ended = (async () => {
    const held = [];
    for (let index = 0; index < running; index++) held.push({ lease: await leaseRun(store, experimentId), epoch: 0 });
    for (let round = 1; !isStopped; round++) {
      for (const run of held) {
        run.epoch++;
        await store.appendHistory(run.lease, [{ ...exampleEpoch(run.epoch), validLoss: 2 / run.epoch }]);
        // The server has its turn.
        await delay(1);
      }
      const [first] = held;
      if (round % 10 === 0 && first !== undefined && round / 10 <= 2 * running) {
        await store.completeRun(first.lease, { result: exampleResult });
        held.push({ lease: await leaseRun(store, experimentId), epoch: 0 });
        held.shift();
      }
    }
  })();
  return async () => {
    isStopped = true;
    await ended;
  };
}

test(`a page follows ${changes} changes through all views, and neither it nor the server grows`, async () => {
  stop = train();
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const troubles: string[] = [];
  page.on("console", (message) => troubles.push(message.text()));
  page.on("pageerror", (error) => troubles.push(error.message));
  await page.addInitScript(`
    window.changes = 0;
    const Plain = EventSource;
    window.EventSource = class extends Plain {
      constructor(...given) {
        super(...given);
        this.addEventListener("message", () => { window.changes += 1; });
      }
    };
  `);
  page.setDefaultTimeout(240_000);
  await page.goto(server.address);
  await page.locator(".sparks canvas").nth(5).waitFor();
  const seen = () => page.evaluate<number>("window.changes");
  const views = [
    "runs",
    "curves",
    "curves?by=repetition",
    "scatter",
    "space",
    "failures",
    "runs?by=status",
    "overview",
  ];
  /** Through all views, and back to the first one. */
  const follow = async (count: number) => {
    const wanted = (await seen()) + count;
    for (let turn = 0; (await seen()) < wanted || turn % views.length !== 0; turn++) {
      await page.evaluate(`location.hash = "#/${views[turn % views.length]}"`);
      const next = Math.min(wanted, (await seen()) + Math.max(20, count / 40));
      await expect.poll(seen, { timeout: 240_000 }).toBeGreaterThanOrEqual(next);
      await delay(100);
    }
    await delay(500);
    return { page: await heapOf(page), server: ownHeap() };
  };
  // What views have to be loaded for, once, and as much as pages that come back may be told again.
  await follow(Math.max(150, changes / 12));
  const before = await follow(changes / 10);
  const after = await follow(changes);
  expect(after.page / before.page).toBeLessThan(mostGrowth);
  expect(after.server / before.server).toBeLessThan(mostGrowth);
  expect(troubles).toEqual([]);
  await page.close();
}, 1_800_000);

test("clients that do not read, vanish, or never end their question, hold up nobody and leave nothing behind", async () => {
  const port = Number(new URL(server.address).port);
  const say = (text: string) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(text);
    return socket;
  };
  const head = `HTTP/1.1\r\nHost: localhost\r\n`;
  const before = ownHeap();
  // Those that read nothing of what they are told.
  const deaf = Array.from({ length: 24 }, () => say(`GET /api/changes ${head}\r\n`).pause());
  // Those that are gone before the answer has come, or in the middle of it.
  for (let round = 0; round < 200; round++) {
    const socket = say(`GET /api/${["columns", "changes", "verdicts"][round % 3]} ${head}\r\n`);
    setTimeout(() => socket.resetAndDestroy(), round % 7);
    if (round % 20 === 0) await delay(10);
  }
  // Those that never say all.
  const slow = Array.from({ length: 100 }, (_, index) =>
    say(
      index % 2 === 0
        ? `GET /api/experiment ${head}X-Slow: `
        : `POST /api/groups ${head}Content-Length: 1000\r\n\r\nby=`,
    ),
  );
  const begun = performance.now();
  const response = await fetch(`${server.address}api/experiment`);
  expect(response.status).toBe(200);
  await store.setTag("told", [1], true);
  const events = await fetch(`${server.address}api/changes?since=other`);
  const { value } = (await events.body?.getReader().read()) ?? {};
  expect(new TextDecoder().decode(value)).toContain("id: ");
  expect(performance.now() - begun).toBeLessThan(20_000);
  for (const socket of [...deaf, ...slow]) socket.destroy();
  await until(() => ownHeap() < before * mostGrowth, "memory that is free again", 30);
});
